// JSON as people keep it in a config file: comments and trailing commas allowed, every value with its place, no prototypes.

import { CairnError } from '../errors.ts'

/** Where a value stands in the text, so that errors name its line and `config set` can replace it alone. */
export interface Place {
  readonly line: number
  readonly start: number
  readonly end: number
}

export type JsonValue = string | number | boolean | null | JsonValue[] | { [name: string]: JsonValue }

export interface ParsedJson {
  readonly value: JsonValue
  /** By dotted path: `gateway.listen`; '' is the whole. */
  readonly places: ReadonlyMap<string, Place>
}

/** Deep enough for any configuration, shallow enough for the stack. */
const MAX_DEPTH = 32
const SPACE = /(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y
const SCALAR = /"(?:[^"\\\n]|\\.)*"|-?\d[\d.eE+-]*|true\b|false\b|null\b/y

/** Reads `text`; BAD_CONFIG with file, line and column if it is not JSON. */
export function parseJson(text: string, file: string): ParsedJson {
  const parser = new Parser(text, file)
  return { value: parser.document(), places: parser.places }
}

class Parser {
  readonly places = new Map<string, Place>()
  readonly #text: string
  readonly #file: string
  #at = 0

  constructor(text: string, file: string) {
    this.#text = text.replace(/^\uFEFF/, ' ')
    this.#file = file
  }

  document(): JsonValue {
    const value = this.#value('', 0)
    if (this.#peek() !== '') this.#fail('something follows the end of the document')
    return value
  }

  #value(path: string, depth: number): JsonValue {
    if (depth > MAX_DEPTH) this.#fail('is nested too deep')
    const next = this.#peek()
    const start = this.#at
    const value =
      next === '{' ? this.#object(path, depth) : next === '[' ? this.#array(path, depth) : this.#scalar('a value')
    this.places.set(path, { line: this.#line(start), start, end: this.#at })
    return value
  }

  #object(path: string, depth: number): JsonValue {
    const object: { [name: string]: JsonValue } = Object.create(null)
    this.#at++
    while (this.#peek() !== '}') {
      const at = this.#at
      const name = this.#scalar('a name in double quotes')
      if (typeof name !== 'string') this.#fail('a name must stand in double quotes', at)
      if (name in object) this.#fail(`"${name}" is there twice`, at)
      if (this.#peek() !== ':') this.#fail(`":" is missing after "${name}"`)
      this.#at++
      object[name] = this.#value(path === '' ? name : `${path}.${name}`, depth + 1)
      if (!this.#comma('}')) break
    }
    this.#at++
    return object
  }

  #array(path: string, depth: number): JsonValue {
    const array: JsonValue[] = []
    this.#at++
    while (this.#peek() !== ']') {
      array.push(this.#value(`${path}[${array.length}]`, depth + 1))
      if (!this.#comma(']')) break
    }
    this.#at++
    return array
  }

  /** Steps over a comma; false at the end of the list. */
  #comma(end: string): boolean {
    const next = this.#peek()
    if (next === ',') this.#at++
    else if (next !== end) this.#fail(`"," or "${end}" is missing`)
    return next === ','
  }

  #scalar(wanted: string): JsonValue {
    SCALAR.lastIndex = this.#at
    const found = SCALAR.exec(this.#text)?.[0]
    if (found === undefined) this.#fail(`${wanted} is missing`)
    try {
      const value = JSON.parse(found) as JsonValue
      this.#at += found.length
      return value
    } catch (cause) {
      return this.#fail(`${found} is not JSON`, this.#at, cause)
    }
  }

  /** The next character that matters, '' at the end. */
  #peek(): string {
    SPACE.lastIndex = this.#at
    this.#at += SPACE.exec(this.#text)?.[0].length ?? 0
    return this.#text[this.#at] ?? ''
  }

  #line(at: number): number {
    return this.#text.slice(0, at).split('\n').length
  }

  #fail(what: string, at = this.#at, cause?: unknown): never {
    const column = at - this.#text.lastIndexOf('\n', at - 1)
    throw new CairnError('BAD_CONFIG', `${this.#file}:${this.#line(at)}:${column}: ${what}`, { cause })
  }
}
