// The inline blocks of a database that may be damaged: row by row where SQLite can, page by page where it cannot.

import type { DatabaseSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import { sha256 } from '../../block/hash.ts'
import type { Wait } from '../../block/source.ts'
import { LIMITS } from '../../limits.ts'
import { createPace } from '../collect/pace.ts'
import { PLACE_INLINE } from '../database/schema.ts'
import { hashesTo, mayHaveLinks } from './judge.ts'
import { salvage } from './old-database.ts'
import { scanPages } from './old-pages.ts'
import type { FoundBlock } from './scan-pack.ts'

export interface SalvageInlineOptions extends Wait {
  readonly file: string
  /** Undefined if SQLite makes nothing of the file. */
  readonly connection: DatabaseSync | undefined
}

interface Known {
  readonly mh: Uint8Array
  readonly links: number
  readonly kept: number
}

export async function* salvageInline({ file, connection, signal }: SalvageInlineOptions): AsyncGenerator<FoundBlock> {
  const pace = createPace(signal)
  const rows = new Map<number, Known>()
  let isWhole = connection !== undefined
  if (connection !== undefined) {
    const index = salvage(connection, 'blocks')
    for (let step = index.next(); ; step = index.next()) {
      if (step.done === true) {
        isWhole &&= step.value
        break
      }
      await pace()
      for (const { mh, links, kept, pack, at } of step.value)
        if (pack === PLACE_INLINE && mh instanceof Uint8Array)
          rows.set(Number(at), { mh, links: Number(links), kept: Number(kept) })
    }
    const data = salvage(connection, 'data')
    for (let step = data.next(); ; step = data.next()) {
      if (step.done === true) {
        isWhole &&= step.value
        break
      }
      await pace()
      for (const { id, bytes } of step.value)
        if (bytes instanceof Uint8Array) yield* judge(bytes, rows.get(Number(id)), isWhole)
    }
  }
  if (isWhole) return
  for (const { id, bytes } of scanPages(file)) {
    await pace()
    yield* judge(bytes, rows.get(id), false)
  }
}

/**
 * The cache may be fetched again. Bytes whose row is lost are taken for what nearly all blocks are, sha2-256: of a whole
 * database, bytes without a row are a contradiction and left out.
 */
function* judge(bytes: Uint8Array, known: Known | undefined, isWhole: boolean): Generator<FoundBlock> {
  if (bytes.byteLength > LIMITS.inlineBytes.value) return
  const found = { size: bytes.byteLength, crc: crc32(bytes), bytes }
  if (known !== undefined && hashesTo(known.mh, bytes)) {
    if (known.kept === 1) yield { ...found, mh: known.mh, links: known.links }
  } else if (!isWhole && bytes.byteLength > 0) {
    yield { ...found, mh: sha256(bytes).bytes, links: mayHaveLinks(bytes) ? 1 : 0 }
  }
}
