// `store.max`: what the repository takes of the disk, charged in the transaction that commits (spec: store §7).

import { CairnError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import { formatSize, GiB, MiB } from '../../units.ts'
import type { Transaction } from '../database/database.ts'
import { walBytes } from '../database/wal.ts'
import { repoPaths } from '../paths.ts'
import { reserveBytes, reserveLacks } from './reserve.ts'

type Reader = Pick<Transaction, 'get'>

/** One pack: a 256th of the whole, within bounds. */
export const packLimitBytes = (maxBytes: number): number => Math.min(Math.max(maxBytes / 256, 16 * MiB), 256 * MiB)

/** Groups under one sync: a sync costs the same for many, but what is on its way has to be reserved. */
export const groupsPerCommit = (maxBytes: number): number => (maxBytes < 4 * GiB ? 1 : 3)

export interface Usage {
  readonly blocks: number
  readonly blockBytes: number
  readonly diskBytes: number
}

/** From counters and file sizes: never a recount. */
export function readUsage(reader: Reader, path: string): Usage {
  const paths = repoPaths(path)
  const row = reader.get<{ blocks: number; bytes: number; packs: number; files: number; backups: number | null }>(`
    SELECT (SELECT value FROM counters WHERE name = 'blocks') AS blocks,
      (SELECT value FROM counters WHERE name = 'block_bytes') AS bytes,
      (SELECT value FROM counters WHERE name = 'pack_bytes') AS packs,
      (SELECT value FROM counters WHERE name = 'file_bytes') AS files,
      (SELECT value FROM counters WHERE name = 'backup_bytes') AS backups`)
  const pages = reader.get<{ page_count: number }>('PRAGMA page_count')?.page_count ?? 0
  const { blocks = 0, bytes = 0, packs = 0, files = 0 } = row ?? {}
  const databaseBytes = pages * 4096 + walBytes(paths.database)
  return {
    blocks,
    blockBytes: bytes,
    diskBytes: packs + files + (row?.backups ?? 0) + databaseBytes + reserveBytes(paths.reserve),
  }
}

/** What a transaction will add to the WAL when it commits. */
export interface WalGrowth {
  readonly rows: number
  readonly inlineBytes: number
}

const FRAME_BYTES = 4096 + 24
/** The WAL is written anew from its beginning once it is so long, and keeps its length. */
const WAL_FLOOR_BYTES = 1000 * FRAME_BYTES

export interface QuotaOptions {
  readonly path: string
  readonly maxBytes: number
  /** For what frees more than it takes: once the reserve is released, its room may be used, until somebody fills it again. */
  readonly usesReserve?: boolean
}

export class Quota {
  readonly #path: string
  readonly #maxBytes: number
  readonly #reservedBytes: number
  readonly #usesReserve: boolean

  constructor({ path, maxBytes, usesReserve = false }: QuotaOptions) {
    this.#usesReserve = usesReserve
    this.#path = path
    this.#maxBytes = maxBytes
    this.#reservedBytes = groupsPerCommit(maxBytes) * LIMITS.groupBytes.value
  }

  /** What is left; every pack that is being written may have one commit more on the disk than it has been charged for. */
  freeBytes(tx: Reader, { rows, inlineBytes }: WalGrowth = { rows: 0, inlineBytes: 0 }): number {
    const { blocks, diskBytes } = readUsage(tx, this.#path)
    const packs =
      tx.get<{ n: number }>('SELECT count(*) AS n FROM packs WHERE owner IS NOT NULL AND sealed = 0')?.n ?? 0
    const walSlack = Math.max(0, WAL_FLOOR_BYTES - walBytes(repoPaths(this.#path).database))
    // Keys are random: in a large index each row dirties a page of its own.
    const walGrowth = Math.min(rows, blocks / 16) * FRAME_BYTES + inlineBytes * 1.1
    // What the reserve has lent is owed to it: it is filled again before the next block is written.
    const { reserve } = repoPaths(this.#path)
    const owed = this.#usesReserve && reserveBytes(reserve) === 0 ? 0 : reserveLacks(reserve)
    return this.#maxBytes - diskBytes - owed - packs * this.#reservedBytes - walSlack - walGrowth
  }

  /** NO_SPACE, which rolls the transaction back, if what it did is too much. */
  check(tx: Reader, growth?: WalGrowth): void {
    if (this.freeBytes(tx, growth) >= 0) return
    throw new CairnError('NO_SPACE', `the repository would grow beyond store.max (${formatSize(this.#maxBytes)})`)
  }
}
