// What this node does not serve, fetch, keep or announce: the lists in force, and the one question that every door asks them.

import type { CID } from 'multiformats/cid'
import type { ContentPath } from '../api/content.ts'
import type { Asked, DenyApi, Door, Rule } from '../api/deny.ts'
import { BlockedError } from './blocked-error.ts'
import type { CompiledList, Verdict } from './compiled-list.ts'
import { KnownFree } from './known-free.ts'
import { Subject } from './subject.ts'

export interface NamedList {
  /** As rule ids name it. */
  readonly name: string
  readonly list: CompiledList
}

export interface Refusal {
  readonly door: Door
  readonly rule: Rule
  readonly what: string
}

export interface DenylistOptions {
  /** Brings the lists when they are first needed; without it there are none until `replace`. */
  readonly load?: () => readonly NamedList[]
  /** Told of everything that is refused. */
  readonly onRefused?: (refusal: Refusal) => void
}

export class Denylist implements DenyApi {
  #lists: readonly NamedList[] = []
  #load: DenylistOptions['load']
  readonly #onRefused: (refusal: Refusal) => void
  #generation = 0
  readonly #free = new KnownFree()
  readonly #listeners = new Set<() => void>()

  constructor({ load, onRefused = () => {} }: DenylistOptions = {}) {
    this.#load = load
    this.#onRefused = onRefused
  }

  /** The lists in force, the strongest last. */
  get lists(): readonly NamedList[] {
    if (this.#load !== undefined) this.replace(this.#load())
    return this.#lists
  }

  /** Whether there is any rule at all: what every door asks first. */
  get isActive(): boolean {
    return this.lists.length > 0
  }

  /** Changes whenever the lists do: what was answered under another one must be asked again. */
  get generation(): number {
    return this.#generation
  }

  /** All at once: no question sees half of a change. */
  replace(lists: readonly NamedList[]): void {
    this.#load = undefined
    this.#lists = lists.filter(({ list }) => list.ruleCount > 0)
    this.#generation++
    this.#free.clear()
    for (const listener of this.#listeners) listener()
  }

  /** Called after each change; ends with what it returns. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The rule that blocks this, or undefined. Of all that name it the last wins; a path below something blocked is blocked with it. */
  check({ cid, path = [], ipnsName }: Asked): Rule | undefined {
    const { lists } = this
    if (lists.length === 0) return undefined
    const byCid = cid === undefined ? undefined : this.#checkCid(cid, path)
    return byCid ?? (ipnsName === undefined ? undefined : this.#find(Subject.ofName(ipnsName, path)))
  }

  /** BLOCKED if a rule names it; the refusal is counted and written down. */
  refuse(asked: Asked, door: Door): void {
    const rule = this.check(asked)
    if (rule === undefined) return
    this.#onRefused({ door, rule, what: textOf(asked) })
    throw new BlockedError(rule)
  }

  /** The same for those who only leave it out. */
  isRefused(asked: Asked, door: Door): boolean {
    const rule = this.check(asked)
    if (rule !== undefined) this.#onRefused({ door, rule, what: textOf(asked) })
    return rule !== undefined
  }

  /** Every step of a path that has been followed: a rule may name what lies below any of them. */
  refuseSteps({ segments }: ContentPath, roots: readonly CID[], door: Door): void {
    if (!this.isActive) return
    for (const [depth, cid] of roots.entries()) if (depth > 0) this.refuse({ cid, path: segments.slice(depth) }, door)
  }

  #checkCid(cid: CID, path: readonly string[]): Rule | undefined {
    if (path.length > 0) return this.#find(Subject.ofCid(cid, path))
    if (this.#free.has(cid)) return undefined
    const rule = this.#find(Subject.ofCid(cid))
    if (rule === undefined) this.#free.add()
    return rule
  }

  #find(subject: Subject): Rule | undefined {
    const lists = this.#lists
    for (let index = lists.length - 1; index >= 0; index--) {
      const { name, list } = lists[index] as NamedList
      const verdict = list.find(subject)
      if (verdict !== undefined) return verdict.isAllowed ? undefined : ruleOf(name, verdict)
    }
    return undefined
  }
}

const ruleOf = (list: string, { line, status, hints }: Verdict): Rule => ({
  id: `${list}:${line}`,
  list,
  line,
  status,
  reason: hints.get('reason') ?? '',
  blockedBy: urlOf(hints.get('blocked_by') ?? ''),
})

/** Goes into a header: nothing but a plain URL may. */
const urlOf = (text: string): string => (/^https?:\/\/[\x21\x23-\x3b\x3d\x3f-\x7e]+$/.test(text) ? text : '')

const textOf = ({ cid, path = [], ipnsName }: Asked): string =>
  [cid === undefined ? `/ipns/${ipnsName}` : `/ipfs/${cid}`, ...path].join('/')
