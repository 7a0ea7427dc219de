// One denylist ready for questions: its rules by key, those with a prefix by the root they stand under.

import { LIMITS } from '../limits.ts'
import { type Hints, HintTexts, statusOf } from './hints.ts'
import type { ListHeader } from './list-header.ts'
import { KEY, ruleKey, ruleKeyOf } from './rule-keys.ts'
import { BadLine, type RuleLine } from './rule-line.ts'
import { type FoundRule, RuleTable } from './rule-table.ts'
import type { Subject } from './subject.ts'

export interface ListProblem {
  readonly line: number
  readonly what: string
}

/** What a list says of something it names. */
export interface Verdict {
  readonly line: number
  readonly isAllowed: boolean
  readonly status: 410 | 451
  readonly hints: Hints
}

export class CompiledList {
  readonly header: ListHeader
  readonly #table: RuleTable
  readonly #texts = new HintTexts()
  /** By the root or name, then by the prefix itself. */
  readonly #prefixes = new Map<string, Map<string, FoundRule>>()
  #prefixCount = 0
  /** Hash functions by which rules name what they block. */
  readonly #codes = new Set<number>()
  #hasLegacy = false
  #ruleCount = 0
  #exceptionCount = 0
  problems: readonly ListProblem[] = []
  badLines = 0

  constructor(header: ListHeader, expected: number) {
    this.header = header
    this.#table = new RuleTable(expected)
  }

  /** Exceptions among them. */
  get ruleCount(): number {
    return this.#ruleCount
  }

  get exceptionCount(): number {
    return this.#exceptionCount
  }

  get tableBytes(): number {
    return this.#table.bytes
  }

  add({ item, isAllowed, hints }: RuleLine, line: number): void {
    const meta = this.#texts.numberOf(hints) * 2 + Number(isAllowed)
    if (item.kind === 'prefix') this.#addPrefix(item.place, item.prefix, { line, meta })
    else {
      this.#table.set(ruleKey(item.kind, item.bytes), line, meta)
      if (item.kind === KEY.hashed) this.#codes.add(item.code)
      if (item.kind === KEY.legacy) this.#hasLegacy = true
    }
    this.#ruleCount++
    if (isAllowed) this.#exceptionCount++
  }

  settle(problems: readonly ListProblem[], badLines: number): void {
    this.problems = problems
    this.badLines = badLines
  }

  /** The last rule that names it, in whatever form. */
  find(subject: Subject): Verdict | undefined {
    let best: FoundRule | undefined
    const look = (key: Uint32Array): void => {
      const found = this.#table.get(key)
      if (found !== undefined && (best === undefined || found.line > best.line)) best = found
    }
    if (subject.multihash !== undefined) look(ruleKey(subject.isName ? KEY.name : KEY.block, subject.multihash))
    for (const code of this.#codes) for (const hash of subject.hashed(code)) look(ruleKeyOf(KEY.hashed, hash))
    if (this.#hasLegacy) for (const hash of subject.legacy) look(ruleKeyOf(KEY.legacy, hash))
    if (this.#prefixCount > 0) best = this.#findPrefix(subject, best)
    return best === undefined ? undefined : this.#verdict(best)
  }

  #verdict({ line, meta }: FoundRule): Verdict {
    const hints = new Map([...this.header.hints, ...this.#texts.get(meta >>> 1)])
    return { line, isAllowed: meta % 2 === 1, status: statusOf(hints), hints }
  }

  #addPrefix(place: string, prefix: string, rule: FoundRule): void {
    const known = this.#prefixes.get(place) ?? new Map<string, FoundRule>()
    if (!known.has(prefix) && ++this.#prefixCount > LIMITS.denyPrefixes.value)
      throw new BadLine(`is one prefix more than the ${LIMITS.denyPrefixes.value} of one list`)
    this.#prefixes.set(place, known.set(prefix, rule))
  }

  /** `secret*` is met by `secret`, `secrets` and `secret/a`; `secret/*` by `secret` and what is below it. */
  #findPrefix(subject: Subject, otherwise: FoundRule | undefined): FoundRule | undefined {
    const known = this.#prefixes.get(subject.place)
    if (known === undefined || subject.path === '') return otherwise
    let best = otherwise
    const take = (rule: FoundRule | undefined) => {
      if (rule !== undefined && (best === undefined || rule.line > best.line)) best = rule
    }
    const path = `${subject.path}/`
    // Whichever are fewer: the prefixes there are, or those that this path has.
    if (known.size <= path.length) for (const [prefix, rule] of known) take(path.startsWith(prefix) ? rule : undefined)
    else for (let length = 1; length <= path.length; length++) take(known.get(path.slice(0, length)))
    return best
  }
}
