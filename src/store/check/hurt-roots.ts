// Which roots lead to which damaged blocks: whom their loss hurts, and below which root to look for somebody who has them.

import { CID } from 'multiformats/cid'
import { isIdentity } from '../../block/cid.ts'
import { DigestSet } from '../../block/digest-set.ts'
import { mayLink, scanLinks } from '../../block/links.ts'
import { isCairnError } from '../../errors.ts'
import { PIN_MODES } from '../database/schema.ts'
import { BlockJudge } from './check-block.ts'
import type { CheckContext } from './check-context.ts'
import { keyOf } from './repair-plan.ts'

export interface Hurt {
  /** As it is linked, with its codec. */
  readonly cid: CID
  /** Some of the roots above it. */
  readonly roots: readonly { readonly cid: CID; readonly name: string }[]
  readonly rootCount: number
}

interface Root {
  readonly cid: CID
  readonly name: string
  readonly recursive: boolean
}

interface Frame {
  readonly cid: CID
  readonly links: readonly CID[]
  next: number
  /** Damaged blocks met below so far. */
  readonly bad: Set<string>
}

const NAMED = 10
const PAGE_ROWS = 500
const NONE: ReadonlySet<string> = new Set()

/** By multihash in latin1. Blocks below a damaged one cannot be seen: they may have roots that are not told. */
export async function findHurt(context: CheckContext, bad: ReadonlySet<string>): Promise<Map<string, Hurt>> {
  using walk = new HurtWalk(context, bad)
  const hurt = new Map<string, { cid: CID; roots: { cid: CID; name: string }[]; rootCount: number }>()
  for (const root of roots(context)) {
    for (const key of await walk.below(root)) {
      const cid = walk.cids.get(key)
      if (cid === undefined) continue
      const known = hurt.get(key) ?? { cid, roots: [], rootCount: 0 }
      known.rootCount++
      if (known.roots.length < NAMED) known.roots.push({ cid: root.cid, name: root.name })
      hurt.set(key, known)
    }
  }
  return hurt
}

function* roots({ store: { database } }: CheckContext): Generator<Root> {
  for (let afterId = 0; ; ) {
    const page = database.all<{ id: number; cid: Uint8Array; mode: number; name: string }>(
      `SELECT id, cid, mode, name FROM pins WHERE id > ? ORDER BY id LIMIT ${PAGE_ROWS}`,
      afterId,
    )
    for (const { cid, mode, name } of page) yield* decoded(cid, name, PIN_MODES[mode] === 'recursive')
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE_ROWS) break
    afterId = last.id
  }
  for (const { kind, key, cid } of database.all<{ kind: string; key: string; cid: Uint8Array }>(
    'SELECT kind, key, cid FROM roots',
  ))
    yield* decoded(cid, `${kind} ${key}`, true)
}

/** A pin without a CID that can be read is a finding of its own. */
function* decoded(bytes: Uint8Array, name: string, recursive: boolean): Generator<Root> {
  try {
    yield { cid: CID.decode(bytes), name, recursive }
  } catch {
    return
  }
}

/** Each node is expanded once; what lies below it is remembered only where it is damaged. */
class HurtWalk implements Disposable {
  readonly cids = new Map<string, CID>()
  readonly #context: CheckContext
  readonly #bad: ReadonlySet<string>
  readonly #judge: BlockJudge
  readonly #seen = new DigestSet({ words: 4 })
  readonly #above = new Map<string, ReadonlySet<string>>()

  constructor(context: CheckContext, bad: ReadonlySet<string>) {
    this.#context = context
    this.#bad = bad
    this.#judge = new BlockJudge(context.store, () => false)
  }

  async below({ cid, recursive }: Root): Promise<ReadonlySet<string>> {
    const first = this.#visit(cid, recursive)
    if (!('next' in first)) return first
    const frames: Frame[] = [first]
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      await this.#context.pace()
      const link = frame.links[frame.next++]
      if (link === undefined) {
        frames.pop()
        if (frame.bad.size > 0) this.#above.set(nodeKey(frame.cid), frame.bad)
        for (const key of frame.bad) frames.at(-1)?.bad.add(key)
        continue
      }
      const outcome = this.#visit(link, true)
      if ('next' in outcome) frames.push(outcome)
      else for (const key of outcome) frame.bad.add(key)
    }
    return first.bad
  }

  /** A node to expand, or all the damage below what needs no expanding. */
  #visit(cid: CID, descend: boolean): Frame | ReadonlySet<string> {
    if (!isIdentity(cid)) {
      const key = keyOf(cid.multihash.bytes)
      if (this.#bad.has(key)) {
        this.cids.set(key, cid)
        return new Set([key])
      }
      if (!descend || !mayLink(cid.code)) return NONE
      if (!this.#seen.add(cid.multihash.bytes, cid.code)) return this.#above.get(nodeKey(cid)) ?? NONE
    }
    return descend ? { cid, links: this.#links(cid), next: 0, bad: new Set() } : NONE
  }

  #links(cid: CID): readonly CID[] {
    const bytes = isIdentity(cid) ? cid.multihash.digest : this.#judge.read(cid.multihash.bytes)
    try {
      return bytes === undefined || !mayLink(cid.code) ? [] : scanLinks(cid.code, bytes)
    } catch (error) {
      if (isCairnError(error, 'BAD_BLOCK')) return []
      throw error
    }
  }

  [Symbol.dispose](): void {
    this.#judge[Symbol.dispose]()
  }
}

const nodeKey = (cid: CID): string => `${cid.code}:${keyOf(cid.multihash.bytes)}`
