// The log of what was refused: one JSON line for each, repeats counted instead of written, bounded on the disk.

import { appendFileSync, renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { LIMITS } from '../limits.ts'
import type { Logger } from '../observe/log.ts'
import { makeFolders } from '../writable.ts'
import type { Refusal } from './denylist.ts'

/** The same refusal again within this time is only counted. */
const AGAIN_MS = 60_000
/** Different ones within that time; whoever makes up paths below something blocked must not fill the disk. */
const MOST_KNOWN = 1000
const DELAY_MS = 250
const MOST_CHARS = 500

export interface RefusalLogOptions {
  readonly file: string
  readonly log: Logger
  /** A command ends at once; a daemon gathers for a moment. */
  readonly atOnce: boolean
  readonly mostBytes?: number
}

interface Known {
  readonly refusal: Refusal
  times: number
}

export class RefusalLog implements Disposable {
  readonly #options: RefusalLogOptions
  readonly #known = new Map<string, Known>()
  #lines: string[] = []
  #left = 0
  #timer: NodeJS.Timeout | undefined
  #again: NodeJS.Timeout | undefined
  #hasFailed = false

  constructor(options: RefusalLogOptions) {
    this.#options = options
  }

  add(refusal: Refusal): void {
    const key = `${refusal.door} ${refusal.rule.id} ${refusal.what}`
    const known = this.#known.get(key)
    if (known !== undefined) {
      known.times++
      return
    }
    this.#again ??= setTimeout(() => this.#tellRepeats(), AGAIN_MS).unref()
    if (this.#known.size >= MOST_KNOWN) {
      this.#left++
      return
    }
    this.#known.set(key, { refusal, times: 0 })
    this.#line(refusal)
  }

  [Symbol.dispose](): void {
    this.#tellRepeats()
    this.#write()
  }

  #tellRepeats(): void {
    clearTimeout(this.#again)
    this.#again = undefined
    for (const { refusal, times } of this.#known.values()) if (times > 0) this.#line(refusal, times)
    if (this.#left > 0) this.#push({ time: new Date().toISOString(), notListed: this.#left })
    this.#left = 0
    this.#known.clear()
  }

  #line({ door, rule, what }: Refusal, again?: number): void {
    const reason = rule.reason === '' ? {} : { reason: rule.reason.slice(0, MOST_CHARS) }
    this.#push({
      time: new Date().toISOString(),
      door,
      what: what.slice(0, MOST_CHARS),
      rule: rule.id,
      status: rule.status,
      ...reason,
      ...(again !== undefined && { again }),
    })
  }

  #push(line: object): void {
    this.#lines.push(`${JSON.stringify(line)}\n`)
    if (this.#options.atOnce) this.#write()
    else this.#timer ??= setTimeout(() => this.#write(), DELAY_MS).unref()
  }

  #write(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#lines.length === 0) return
    const { file, log, mostBytes = LIMITS.denyAuditBytes.value } = this.#options
    const text = this.#lines.join('')
    this.#lines = []
    try {
      makeFolders(dirname(file), 0o700)
      const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
      if (size + text.length > mostBytes) renameSync(file, `${file}.1`)
      appendFileSync(file, text, { mode: 0o600 })
    } catch (error) {
      // A full disk must not let through what is blocked; that it is not written down is said once.
      if (!this.#hasFailed) log.warn('refusals cannot be written down', { file, err: error })
      this.#hasFailed = true
    }
  }
}
