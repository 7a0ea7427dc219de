// A denylist from its bytes as they come, chunk by chunk: header, lines, and what of them cannot be used (IPIP-383).

import { CairnError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { CompiledList, type ListProblem } from './compiled-list.ts'
import { type ListHeader, NO_HEADER, parseHeader } from './list-header.ts'
import { BadLine, readLine } from './rule-line.ts'

const [NEWLINE, CR, DASH] = [0x0a, 0x0d, 0x2d]
const NOTHING = Buffer.alloc(0)
/** Bad lines that are named; the rest is counted. */
const MOST_PROBLEMS = 100

export interface ListParserOptions {
  /** The file's name, for the report. */
  readonly name: string
  /** Of the whole: makes room for its rules at once. */
  readonly sizeBytes?: number
}

/** BAD_CONFIG from `push` or `end` if the list as a whole is not to be used. */
export class ListParser {
  readonly #name: string
  readonly #expected: number
  /** What may be the header, until its end is seen. */
  #head: Buffer | undefined = NOTHING
  /** The beginning of a line whose end has not come. */
  #rest: Buffer = NOTHING
  #isSkipping = false
  #line = 0
  #list: CompiledList | undefined
  #badLines = 0
  readonly #problems: ListProblem[] = []

  constructor({ name, sizeBytes = 0 }: ListParserOptions) {
    this.#name = name
    // The shortest usual rule is `/ipfs/` and a CIDv0.
    this.#expected = Math.floor(sizeBytes / 64)
  }

  push(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    if (this.#head === undefined) this.#lines(bytes)
    else this.#header(Buffer.concat([this.#head, bytes]), false)
  }

  end(): CompiledList {
    if (this.#head !== undefined) this.#header(this.#head, true)
    if (this.#rest.byteLength > 0) this.#take(this.#rest, 0, this.#rest.byteLength)
    const list = this.#list as CompiledList
    list.settle(this.#problems, this.#badLines)
    return list
  }

  /** A header ends by a line `---` in its first MiB; without one there is none. */
  #header(head: Buffer, isAll: boolean): void {
    const most = LIMITS.denyHeaderBytes.value
    const end = endOfHeader(head)
    if (end === undefined && !isAll && head.byteLength <= most) {
      this.#head = head
      return
    }
    this.#head = undefined
    const text = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0
    const isHeader = end !== undefined && end.start <= most
    this.#list = new CompiledList(isHeader ? this.#read(head, text, end.start) : NO_HEADER, this.#expected)
    this.#lines(head.subarray(isHeader ? end.next : text))
  }

  #read(head: Buffer, start: number, end: number): ListHeader {
    const header = parseHeader(head.toString('utf8', start, end))
    if (header.refusal !== undefined) throw this.#refused(header.refusal)
    for (let at = head.indexOf(NEWLINE); at !== -1 && at < end; at = head.indexOf(NEWLINE, at + 1)) this.#line++
    // The line of dashes itself.
    this.#line++
    return header
  }

  #refused(what: string): CairnError {
    return new CairnError('BAD_CONFIG', `the denylist ${this.#name} is not used: ${what}`, {
      hint: 'the last copy that could be used stays in force',
    })
  }

  #lines(bytes: Buffer): void {
    let start = 0
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      if (this.#isSkipping) this.#isSkipping = false
      else if (this.#rest.byteLength > 0) {
        const whole = Buffer.concat([this.#rest, bytes.subarray(start, end)])
        this.#rest = NOTHING
        this.#take(whole, 0, whole.byteLength)
      } else this.#take(bytes, start, end)
      start = end + 1
    }
    if (this.#isSkipping || start === bytes.byteLength) return
    this.#rest = Buffer.concat([this.#rest, bytes.subarray(start)])
    if (this.#rest.byteLength > LIMITS.denyLineBytes.value) {
      this.#take(this.#rest, 0, this.#rest.byteLength)
      this.#rest = NOTHING
      this.#isSkipping = true
    }
  }

  #take(text: Buffer, start: number, end: number): void {
    this.#line++
    if (end - start > LIMITS.denyLineBytes.value) {
      this.#bad('is longer than 2 MiB')
      return
    }
    if (end - start <= 4 && isDashes(text, start, end)) {
      // What stood above it would have been taken for rules.
      if (this.#line > 1 && this.#list?.ruleCount === 0 && this.#badLines > 0)
        throw this.#refused(`line ${this.#line}: the header above it is longer than 1 MiB`)
      this.#bad('ends a header where there is none')
      return
    }
    try {
      const rule = readLine(text, start, end)
      if (rule !== undefined) this.#list?.add(rule, this.#line)
    } catch (error) {
      if (!(error instanceof BadLine)) throw error
      this.#bad(error.message)
    }
  }

  #bad(what: string): void {
    this.#badLines++
    if (this.#problems.length < MOST_PROBLEMS) this.#problems.push({ line: this.#line, what })
  }
}

const isDashes = (text: Buffer, start: number, end: number): boolean => {
  const stop = end > start && text[end - 1] === CR ? end - 1 : end
  return stop - start === 3 && text[start] === DASH && text[start + 1] === DASH && text[start + 2] === DASH
}

function endOfHeader(head: Buffer): { readonly start: number; readonly next: number } | undefined {
  for (let start = 0; start < head.byteLength; ) {
    const newline = head.indexOf(NEWLINE, start)
    const end = newline === -1 ? head.byteLength : newline
    if (newline !== -1 && isDashes(head, start, end)) return { start, next: newline + 1 }
    if (newline === -1) return undefined
    start = newline + 1
  }
  return undefined
}
