// The header of a denylist: the few plain keys of its YAML that mean something; nothing of it is ever unfolded.

import type { Hints } from './hints.ts'

export interface ListHeader {
  readonly name: string
  readonly description: string
  readonly author: string
  /** Of every rule that does not say otherwise. */
  readonly hints: Hints
  /** Why the list is not to be used. */
  readonly refusal?: string
}

export const NO_HEADER: ListHeader = { name: '', description: '', author: '', hints: new Map() }

/** Texts for people, of which nobody needs more. */
const MOST_CHARS = 1000

export function parseHeader(text: string): ListHeader {
  const top = new Map<string, string>()
  const hints = new Map<string, string>()
  let section = ''
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const [, indent = '', key, value = ''] = /^(\s*)([\w-]+):(?:\s+(.*))?$/s.exec(line) ?? []
    if (key === undefined) continue
    if (indent !== '') {
      if (section === 'hints') hints.set(key, plain(value))
      continue
    }
    section = key
    if (key === 'version' && plain(value) !== '1')
      return {
        ...NO_HEADER,
        refusal: `line ${index + 1}: version ${plain(value).slice(0, 40)} is not known; this program reads version 1`,
      }
    top.set(key, plain(value))
  }
  const of = (key: string) => top.get(key) ?? ''
  return { name: of('name'), description: of('description'), author: of('author'), hints }
}

function plain(value: string): string {
  const text = value
    .trim()
    .replace(/\s+#.*$/s, '')
    .slice(0, MOST_CHARS)
  return /^(["']).*\1$/s.test(text) ? text.slice(1, -1) : text
}
