// The blocks that lie only in the database, copied into `backups/inline-<n>.pack`: records as a pack has them, appended once each.
// Without it a lost database would be lost inner nodes: the leaves in packs would be there, and no way to them.

import { closeSync, fdatasyncSync, fstatSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs'
import { basename, join } from 'node:path'
import { DigestSet } from '../../block/digest-set.ts'
import type { Wait } from '../../block/source.ts'
import { MiB } from '../../units.ts'
import { createPace } from '../collect/pace.ts'
import type { Database } from '../database/database.ts'
import { PLACE_INLINE, RECORD_OVERHEAD } from '../database/schema.ts'
import { repoPaths } from '../paths.ts'
import { scanPack } from '../rebuild/scan-pack.ts'
import { recordBytes } from '../write/books.ts'
import { Image } from '../write/image.ts'
import { HAS_LINKS } from '../write/record.ts'
import { syncFolder } from '../write/sync-folder.ts'

const NAME = /^inline-(\d+)\.pack$/
const PAGE_ROWS = 500
/** Below this it is not worth being written anew. */
const SMALL_BYTES = 1 * MiB

export interface Appended {
  readonly blocks: number
  readonly addedBytes: number
  /** False: there was no room for all. */
  readonly isComplete: boolean
}

/** In the order in which they were made. */
export function listInlineLogs(path: string): string[] {
  const folder = repoPaths(path).backups
  return readdirSync(folder)
    .filter(name => NAME.test(name))
    .sort((a, b) => numberOf(a) - numberOf(b))
    .map(name => join(folder, name))
}

const numberOf = (name: string): number => Number(NAME.exec(name)?.[1])

export interface AppendOptions extends Wait {
  readonly path: string
  readonly database: Database
  /** What the log may grow by. */
  readonly mostBytes: number
}

/** Durable when it resolves: every kept inline block of the moment is in a log. More than half dead, it is written anew. */
export async function appendInline({ path, database, mostBytes, signal }: AppendOptions): Promise<Appended> {
  const logs = listInlineLogs(path)
  const known = await knownBlocks(logs, signal)
  const live = await liveBytes(database, { signal })
  const isStale = known.bytes > 2 * live.bytes + SMALL_BYTES && live.bytes <= mostBytes
  if (live.blocks === 0 && !isStale) return { blocks: 0, addedBytes: 0, isComplete: true }
  const folder = repoPaths(path).backups
  const last = logs.at(-1)
  const isNew = isStale || last === undefined
  const next = join(folder, `inline-${last === undefined ? 1 : numberOf(basename(last)) + 1}.pack`)
  const temp = `${next}.tmp`
  if (isNew) rmSync(temp, { force: true })
  using writer = new LogWriter(isNew ? temp : last)
  for await (const block of inlineBlocks(database, { signal })) {
    if (!isStale && known.set.has(block.mh)) continue
    if (writer.addedBytes + block.size > mostBytes) {
      writer.isComplete = false
      break
    }
    writer.add(block)
  }
  writer.finish()
  if (isNew) {
    renameSync(temp, next)
    syncFolder(folder)
    // Only now is everything alive in the new one.
    if (writer.isComplete) for (const old of logs) rmSync(old)
  }
  return { blocks: live.blocks, addedBytes: writer.addedBytes, isComplete: writer.isComplete }
}

async function knownBlocks(logs: readonly string[], signal: AbortSignal): Promise<{ set: DigestSet; bytes: number }> {
  const pace = createPace(signal)
  const set = new DigestSet({ words: 4 })
  let bytes = 0
  for (const file of logs) {
    const fd = openSync(file, 'r')
    try {
      bytes += fstatSync(fd).size
      for (const found of scanPack(fd)) {
        await pace()
        if ('mh' in found) set.add(found.mh)
      }
    } finally {
      closeSync(fd)
    }
  }
  return { set, bytes }
}

const SELECT_SIZES = `SELECT count(*) AS n, coalesce(sum(CASE WHEN pack = ${PLACE_INLINE} AND kept = 1 THEN size + length(mh) + ${RECORD_OVERHEAD} ELSE 0 END), 0) AS bytes,
  coalesce(sum(pack = ${PLACE_INLINE} AND kept = 1), 0) AS blocks, max(mh) AS last
  FROM (SELECT mh, size, kept, pack FROM blocks WHERE mh > ? ORDER BY mh LIMIT 20000)`

async function liveBytes(database: Database, { signal }: Wait): Promise<{ bytes: number; blocks: number }> {
  const pace = createPace(signal)
  let after: Uint8Array = new Uint8Array(0)
  let [bytes, blocks] = [0, 0]
  for (;;) {
    await pace()
    const page = database.get<{ n: number; bytes: number; blocks: number; last: Uint8Array | null }>(
      SELECT_SIZES,
      after,
    )
    bytes += page?.bytes ?? 0
    blocks += page?.blocks ?? 0
    if (page?.last === null || page === undefined || page.n < 20_000) return { bytes, blocks }
    after = page.last
  }
}

interface InlineBlock {
  readonly mh: Uint8Array
  readonly size: number
  readonly crc: number
  readonly links: number
  readonly bytes: Uint8Array
}

const SELECT_BLOCKS = `SELECT b.mh, b.size, b.crc, b.links, d.bytes FROM blocks b JOIN data d ON d.id = b.at
  WHERE b.mh > ? AND b.pack = ${PLACE_INLINE} AND b.kept = 1 ORDER BY b.mh LIMIT ${PAGE_ROWS}`

async function* inlineBlocks(database: Database, { signal }: Wait): AsyncGenerator<InlineBlock> {
  const pace = createPace(signal)
  let after: Uint8Array = new Uint8Array(0)
  for (;;) {
    await pace()
    const page = database.all<InlineBlock>(SELECT_BLOCKS, after)
    yield* page
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE_ROWS) return
    after = last.mh
  }
}

class LogWriter implements Disposable {
  readonly #fd: number
  #image = new Image()
  addedBytes = 0
  isComplete = true

  constructor(file: string) {
    this.#fd = openSync(file, 'a+', 0o600)
    // A torn end is left as it is: whoever reads finds the next record by its magic.
  }

  add({ mh, size, crc, links, bytes }: InlineBlock): void {
    const record = { mh, bytes, size, crc, flags: links === 1 ? HAS_LINKS : 0 }
    if (!this.#image.fits(record)) this.#write()
    this.#image.add(record)
    this.addedBytes += recordBytes(mh, size)
  }

  #write(): void {
    const bytes = this.#image.padded()
    for (let done = 0; done < bytes.byteLength; ) done += writeSync(this.#fd, bytes, done, bytes.byteLength - done)
    this.#image = new Image(this.#image.memory)
  }

  finish(): void {
    if (this.#image.usedBytes > 0) this.#write()
    fdatasyncSync(this.#fd)
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd)
  }
}
