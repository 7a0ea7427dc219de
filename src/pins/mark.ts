// Mark: which blocks the roots keep, found by reading inner nodes only, in memory bounded by the number of blocks (spec: store §6.3, §6.4).

import { CID } from 'multiformats/cid'
import { isIdentity } from '../block/cid.ts'
import { DigestSet } from '../block/digest-set.ts'
import { mayLink } from '../block/links.ts'
import { CairnError } from '../errors.ts'
import { type GcWait, paceOf } from '../store/collect/throttle.ts'
import { innerLinks } from '../store/read/inner.ts'
import type { Store } from '../store/store.ts'
import { modeCode, PINNED } from './rows.ts'

/** One of `count` equal parts of all digests: a large repository is collected part by part, so that memory stays bounded. */
export interface Part {
  readonly index: number
  readonly count: number
}

export interface MarksOptions extends GcWait {
  readonly store: Store
  readonly part: Part
  /** Blocks to make room for. */
  readonly expected: number
  /** Pins that end by then count as gone; none, if it is left out. */
  readonly endedBy?: number | undefined
}

interface Root {
  readonly cid: CID
  readonly recursive: boolean
  /** Nothing below it may be missing. */
  readonly whole: boolean
}

const PAGE_ROWS = 500

export class Marks {
  readonly #store: Store
  readonly #part: Part
  readonly #signal: AbortSignal
  readonly #endedBy: number
  readonly #pace: () => Promise<void> | undefined
  /** Blocks that stay. Two digests taken for one would only spare a dead block until the next collection. */
  readonly #kept: DigestSet
  /** Nodes whose links are marked, under each codec: seen as raw or as a direct pin is not seen expanded. */
  readonly #expanded = new DigestSet({ words: 4 })
  #lastPinId = 0
  #rootsVersion = -1
  roots = 0

  constructor({ store, part, expected, endedBy = 0, ...wait }: MarksOptions) {
    this.#store = store
    this.#part = part
    this.#signal = wait.signal
    this.#endedBy = endedBy
    this.#pace = paceOf(wait)
    this.#kept = new DigestSet({ words: 2, expected })
  }

  /** Distinct blocks marked in this part. */
  get size(): number {
    return this.#kept.size
  }

  /** The state of the roots that these marks are good for. */
  get rootsVersion(): number {
    return this.#rootsVersion
  }

  /** Blocks of other parts count as marked: they are not for this round to judge. */
  has(multihash: Uint8Array): boolean {
    return !this.#isInPart(multihash) || this.#kept.has(multihash)
  }

  /** Marks every root that has come since the last call. REPO_DAMAGED if a node below a complete one cannot be read. */
  async markRoots(): Promise<void> {
    // Read before the roots: what changes from here on shows as another version.
    const version = rootsVersion(this.#store)
    // Complete pins first, so that a node missing below one of them is not taken for one that has yet to come.
    // Then all of them, for those that became complete in between.
    const afterId = this.#lastPinId
    await this.#markPins(afterId, `AND status = ${PINNED}`)
    this.#lastPinId = await this.#markPins(afterId, '')
    for (const { kind, cid } of this.#tableRoots()) {
      // A published name may point at what was never here; the file tree may not.
      await this.#markRoot({ cid, recursive: true, whole: kind === 'mfs' })
    }
    this.#rootsVersion = version
  }

  /** The highest id met. */
  async #markPins(afterId: number, filter: '' | `AND ${string}`): Promise<number> {
    let lastId = afterId
    for (;;) {
      const page = this.#store.database.all<{ id: number; cid: Uint8Array; mode: number; status: number }>(
        `SELECT id, cid, mode, status FROM pins WHERE id > ? AND (expires IS NULL OR expires > ?) ${filter} ORDER BY id LIMIT ${PAGE_ROWS}`,
        lastId,
        this.#endedBy,
      )
      for (const { id, cid, mode, status } of page) {
        const recursive = mode === modeCode('recursive')
        await this.#markRoot({ cid: CID.decode(cid), recursive, whole: status === PINNED })
        if (filter === '') this.roots++
        lastId = id
      }
      if (page.length < PAGE_ROWS) return lastId
    }
  }

  *#tableRoots(): Generator<{ kind: string; cid: CID }> {
    let [kind, key] = ['', '']
    for (;;) {
      const page = this.#store.database.all<{ kind: string; key: string; cid: Uint8Array }>(
        `SELECT kind, key, cid FROM roots WHERE (kind, key) > (?, ?) ORDER BY kind, key LIMIT ${PAGE_ROWS}`,
        kind,
        key,
      )
      for (const row of page) yield { kind: row.kind, cid: CID.decode(row.cid) }
      const last = page.at(-1)
      if (last === undefined || page.length < PAGE_ROWS) return
      ;({ kind, key } = last)
    }
  }

  async #markRoot(root: Root): Promise<void> {
    this.#mark(root.cid)
    if (!root.recursive) return
    const wait = { signal: this.#signal }
    const waiting = [root.cid]
    for (let cid = waiting.pop(); cid !== undefined; cid = waiting.pop()) {
      if (!isIdentity(cid) && this.#expanded.has(cid.multihash.bytes, cid.code)) continue
      const turn = this.#pace()
      if (turn !== undefined) await turn
      const inner = innerLinks(this.#store, cid, wait)
      const links = inner instanceof Promise ? await inner : inner
      if (links === 'bad' || (links === 'missing' && root.whole)) throw damaged(root.cid, cid, links)
      if (links === 'missing' || links.length === 0) continue
      if (!isIdentity(cid)) this.#expanded.add(cid.multihash.bytes, cid.code)
      for (const link of links) {
        this.#mark(link)
        if (mayLink(link.code)) waiting.push(link)
      }
    }
  }

  #mark(cid: CID): void {
    if (!isIdentity(cid) && this.#isInPart(cid.multihash.bytes)) this.#kept.add(cid.multihash.bytes)
  }

  #isInPart(multihash: Uint8Array): boolean {
    // A byte that is no part of the set's keys, so that they stay spread within a part.
    return this.#part.count === 1 || (multihash.at(-9) as number) % this.#part.count === this.#part.index
  }
}

export const rootsVersion = (store: Store): number =>
  store.database.get<{ value: number }>("SELECT value FROM meta WHERE key = 'roots_version'")?.value ?? 0

function damaged(root: CID, block: CID, how: 'missing' | 'bad'): CairnError {
  return new CairnError(
    'REPO_DAMAGED',
    `nothing was collected: block ${block} under the root ${root} is ${how === 'bad' ? 'damaged' : 'missing'}`,
    { hint: `unpin the root (cairn pin rm ${root}), then pin it again to fetch what is missing` },
  )
}
