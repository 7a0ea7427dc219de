// What stands behind a rule (`reason=DMCA gateway_status=451`): read once for each different text, and what it means here.

import { KiB, MiB } from '../units.ts'

export type Hints = ReadonlyMap<string, string>

/** `key=value` or `key:value`, apart by spaces; values may be percent-encoded. What is neither is passed over. */
export function parseHints(text: string): Hints {
  const hints = new Map<string, string>()
  for (const word of text.split(/[ \t]+/)) {
    const at = word.includes('=') ? word.indexOf('=') : word.indexOf(':')
    if (at < 1 || at === word.length - 1) continue
    hints.set(word.slice(0, at), readValue(word.slice(at + 1)))
  }
  return hints
}

function readValue(text: string): string {
  const bytes = Buffer.from(text, 'latin1').toString('utf8')
  try {
    return decodeURIComponent(bytes)
  } catch {
    return bytes
  }
}

/** 451 where the rule says that the reason is a legal one, else 410: a hint never makes a refusal something else. */
export const statusOf = (hints: Hints): 410 | 451 =>
  hints.get('gateway_status') === '451' || hints.get('code') === '451' ? 451 : 410

/** Lists say the same behind a hundred thousand rules; what would fill the memory with texts of its own is cut down to its status. */
const MOST_TEXTS = 65_536
const MOST_BYTES = 8 * MiB
const MOST_TEXT = 4 * KiB

export class HintTexts {
  readonly #numbers = new Map<string, number>([['', 0]])
  readonly #hints: Hints[] = [new Map()]
  #bytes = 0

  numberOf(text: string): number {
    const known = this.#numbers.get(text)
    if (known !== undefined) return known
    const fits = this.#hints.length < MOST_TEXTS && text.length <= MOST_TEXT && this.#bytes + text.length <= MOST_BYTES
    if (!fits) return this.#add(statusOf(parseHints(text)) === 451 ? 'gateway_status=451' : '')
    return this.#add(text)
  }

  get(number: number): Hints {
    return this.#hints[number] ?? (this.#hints[0] as Hints)
  }

  #add(text: string): number {
    const known = this.#numbers.get(text)
    if (known !== undefined) return known
    this.#bytes += text.length
    this.#numbers.set(text, this.#hints.length)
    return this.#hints.push(parseHints(text)) - 1
  }
}
