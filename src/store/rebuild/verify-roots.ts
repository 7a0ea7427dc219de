// Roots after a rebuild: a pin that is not complete any more must not say it is, or no collection would go on (spec: store §6.4).

import { CID } from 'multiformats/cid'
import { isIdentity } from '../../block/cid.ts'
import { DigestSet } from '../../block/digest-set.ts'
import { mayLink, scanLinks } from '../../block/links.ts'
import type { Wait } from '../../block/source.ts'
import { createPace } from '../collect/pace.ts'
import type { Database } from '../database/database.ts'
import { PIN_MODES, PIN_STATUSES, PLACE_BAD } from '../database/schema.ts'
import { type Placed, PlacedReader } from './placed-reader.ts'

export interface BrokenRoot {
  readonly kind: string
  readonly root: CID
  /** The first one that is missing. */
  readonly block: CID
}

export interface DemoteOptions extends Wait {
  readonly path: string
  readonly database: Database
  readonly onBroken: (root: BrokenRoot) => void
}

const PAGE_ROWS = 500
const COMPLETE = PIN_STATUSES.indexOf('pinned')
const QUEUED = PIN_STATUSES.indexOf('queued')

/** Pins that were complete and miss something are queued again; other roots are only told of. */
export async function demoteBrokenPins({ path, database, onBroken, signal }: DemoteOptions): Promise<void> {
  using walker = new RootWalker(path, database, signal)
  for (let afterId = 0; ; ) {
    const page = database.all<{ id: number; cid: Uint8Array; mode: number }>(
      `SELECT id, cid, mode FROM pins WHERE id > ? AND status = ${COMPLETE} ORDER BY id LIMIT ${PAGE_ROWS}`,
      afterId,
    )
    for (const { id, cid, mode } of page) {
      const root = CID.decode(cid)
      const block = await walker.firstMissing(root, PIN_MODES[mode] === 'recursive')
      if (block === undefined) continue
      onBroken({ kind: 'pin', root, block })
      database.connection
        .prepare('UPDATE pins SET status = ?, error = ? WHERE id = ?')
        .run(QUEUED, `block ${block} was lost`, id)
    }
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE_ROWS) break
    afterId = last.id
  }
  for (const { kind, cid } of database.all<{ kind: string; cid: Uint8Array }>('SELECT kind, cid FROM roots')) {
    const root = CID.decode(cid)
    const block = await walker.firstMissing(root, true)
    if (block !== undefined) onBroken({ kind: kind === 'mfs' ? 'the files tree' : kind, root, block })
  }
}

class RootWalker implements Disposable {
  readonly #reader: PlacedReader
  readonly #database: Database
  readonly #pace: () => Promise<void> | undefined
  /** Below these nothing is missing, as far as all walks so far have shown. */
  #seen = new DigestSet({ words: 4 })

  constructor(path: string, database: Database, signal: AbortSignal) {
    this.#reader = new PlacedReader({ path, index: database })
    this.#database = database
    this.#pace = createPace(signal)
  }

  async firstMissing(root: CID, recursive: boolean): Promise<CID | undefined> {
    const waiting = [root]
    for (let cid = waiting.pop(); cid !== undefined; cid = waiting.pop()) {
      await this.#pace()
      // What was pinned alone says nothing of what it links to.
      if (!isIdentity(cid) && recursive && !this.#seen.add(cid.multihash.bytes, cid.code)) continue
      const links = this.#linksOf(cid, recursive)
      if (links === undefined) {
        // What this walk has seen may lead to what is missing.
        this.#seen = new DigestSet({ words: 4 })
        return cid
      }
      for (const link of links) waiting.push(link)
    }
    return undefined
  }

  /** Undefined if it is not here. */
  #linksOf(cid: CID, recursive: boolean): readonly CID[] | undefined {
    if (isIdentity(cid)) return recursive ? scan(cid, cid.multihash.digest) : []
    const row = this.#database.get<Placed & { links: number }>(
      'SELECT mh, size, links, pack, at FROM blocks WHERE mh = ?',
      cid.multihash.bytes,
    )
    if (row === undefined || row.pack === PLACE_BAD) return undefined
    if (!recursive || row.links === 0 || !mayLink(cid.code)) return []
    const bytes = this.#reader.read(row)
    return bytes === undefined ? undefined : scan(cid, bytes)
  }

  [Symbol.dispose](): void {
    this.#reader[Symbol.dispose]()
  }
}

function scan(cid: CID, bytes: Uint8Array): readonly CID[] {
  try {
    return scanLinks(cid.code, bytes)
  } catch {
    // Right bytes that are not what the codec says lead nowhere.
    return []
  }
}
