// What must hold in a repository after any kill or power cut, judged from what lies on the disk alone (I1 to I7).
// I8, that nothing denied is served, belongs to the suites of the denylist.

import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import * as dagCbor from '@ipld/dag-cbor'
import * as dagPb from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import {
  blockFiles,
  fileNameOf,
  keyOf,
  OVERHEAD_BYTES,
  type RawPack,
  RawRepo,
  type RawRow,
  walkPack,
  whatIsWrong,
} from './raw-repo.ts'

/** What was acknowledged, and so must be found again. */
export interface Ledger {
  /** Roots whose whole DAG is there. */
  readonly whole: readonly string[]
  readonly pinned: readonly string[]
  readonly unpinned: readonly string[]
  /** Of each of these exactly one is pinned. */
  readonly onePinned?: readonly (readonly string[])[]
}

export interface Look {
  readonly path: string
  readonly ledger: Ledger
  /** A collection without grace has just ended: nothing that no root keeps is left, nor anything that was to be unlinked. */
  readonly collected?: boolean
}

const PINNED = 2
const RECURSIVE = 1

/** Every violation, as a line of text; none if all is well. */
export function findViolations(look: Look): string[] {
  using repo = new RawRepo(look.path)
  return new Inspection(repo, look).run()
}

class Inspection {
  readonly #repo: RawRepo
  readonly #look: Look
  readonly #violations: string[] = []
  readonly #rows = new Map<string, RawRow>()
  /** Rows whose bytes are what they should be. */
  readonly #good = new Set<string>()
  readonly #reached = new Set<string>()

  constructor(repo: RawRepo, look: Look) {
    this.#repo = repo
    this.#look = look
    for (const row of repo.rows()) this.#rows.set(keyOf(row.mh), row)
  }

  run(): string[] {
    this.#checkDatabase()
    this.#checkPacks()
    this.#checkRows()
    this.#checkFiles()
    this.#checkModes(this.#look.path)
    this.#checkRoots()
    this.#checkLedger()
    if (this.#look.collected === true) this.#checkCollected()
    return this.#violations
  }

  #wrong(what: string): void {
    this.#violations.push(what)
  }

  #checkDatabase(): void {
    for (const row of this.#repo.all<Record<string, string>>('PRAGMA integrity_check')) {
      const text = Object.values(row)[0]
      if (text !== 'ok') this.#wrong(`I5: SQLite says: ${text}`)
    }
    const rows = [...this.#rows.values()]
    const sum = (some: readonly RawRow[]) => some.reduce((total, { size }) => total + size, 0)
    const deadFiles = this.#repo.all<{ n: number }>('SELECT coalesce(sum(size), 0) AS n FROM dead WHERE pack = -1')[0]
    const found: Record<string, number> = {
      blocks: rows.length,
      block_bytes: sum(rows),
      inline_bytes: sum(rows.filter(({ pack }) => pack === 0)),
      file_bytes: sum(rows.filter(({ pack }) => pack === -1)) + (deadFiles?.n ?? 0),
      pack_bytes: this.#repo.packs().reduce((total, { committed }) => total + committed, 0),
    }
    // Only counted when a backup is made (`backup_bytes`): one that was killed is behind until the next.
    for (const { name, value } of this.#repo.all<{ name: string; value: number }>('SELECT name, value FROM counters'))
      if (name in found && found[name] !== value)
        this.#wrong(`I5: the counter ${name} says ${value}, a recount ${found[name]}`)
    const inline = new Set(rows.filter(({ pack }) => pack === 0).map(({ at }) => at))
    for (const { id } of this.#repo.all<{ id: number }>('SELECT id FROM data'))
      if (!inline.has(id)) this.#wrong(`I5: the inline bytes ${id} belong to no row`)
  }

  #checkPacks(): void {
    const packs = this.#repo.packs()
    for (const pack of packs) this.#checkPack(pack)
    const known = new Set(packs.map(({ id }) => `${id}.pack`))
    for (const name of readdirSync(join(this.#look.path, 'packs')))
      if (!known.has(name)) this.#wrong(`I1: packs/${name} belongs to no pack`)
  }

  #checkPack({ id, committed, live }: RawPack): void {
    const rows = [...this.#rows.values()].filter(({ pack }) => pack === id)
    const recount = rows.reduce((sum, { mh, size }) => sum + OVERHEAD_BYTES + mh.byteLength + size, 0)
    if (recount !== live) this.#wrong(`I5: pack ${id} is said to have ${live} living bytes, a recount ${recount}`)
    const isDead = this.#repo.all<{ pack: number }>('SELECT pack FROM dead').some(({ pack }) => pack === id)
    const bytes = this.#repo.packBytes(id)
    if (isDead && rows.length === 0) return
    if ((bytes?.byteLength ?? 0) < committed) {
      this.#wrong(`I5: pack ${id} has ${bytes?.byteLength} of ${committed} committed bytes`)
      return
    }
    if (bytes === undefined) return
    const { records, wrongAt } = walkPack(bytes, committed)
    if (wrongAt !== undefined) this.#wrong(`I1: no record begins at ${wrongAt} of pack ${id}`)
    for (const { mh, size, crc, at } of rows) {
      const record = records.get(at)
      if (record === undefined || keyOf(record.mh) !== keyOf(mh) || record.size !== size || record.crc !== crc)
        this.#wrong(`I1: the row of ${keyOf(mh)} names ${at} of pack ${id}, where another record lies`)
    }
  }

  #checkRows(): void {
    for (const [key, row] of this.#rows) {
      if (row.pack === -2) continue
      const bytes = this.#repo.bytesOf(row)
      const wrong =
        bytes === undefined
          ? 'has no bytes at its place'
          : bytes.byteLength !== row.size
            ? `has ${bytes.byteLength} bytes of ${row.size}`
            : crc32(bytes) !== row.crc
              ? 'has another CRC than its row says'
              : whatIsWrong(row.mh, bytes)
      if (wrong === undefined) this.#good.add(key)
      // An unsynced file of the cache may be anything after a power cut; it is judged when it is read.
      else if (row.kept === 1 || row.pack !== -1) this.#wrong(`I1: block ${key} (place ${row.pack}) ${wrong}`)
    }
  }

  #checkFiles(): void {
    const named = new Map([...this.#rows.values()].map(row => [fileNameOf(row.mh), row]))
    for (const name of blockFiles(this.#look.path)) {
      const isStray = named.get(name)?.pack !== -1
      if (isStray && this.#look.collected === true) this.#wrong(`I4: blocks/${name} is no row's and was not removed`)
    }
  }

  #checkModes(folder: string): void {
    for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
      const file = join(entry.parentPath, entry.name)
      const mode = lstatSync(file, { throwIfNoEntry: false })?.mode ?? 0
      if ((mode & 0o002) !== 0) this.#wrong(`I6: ${file} can be written by everybody`)
    }
    if ((lstatSync(folder).mode & 0o077) !== 0) this.#wrong(`I6: ${folder} is open to others`)
  }

  #checkRoots(): void {
    for (const { cid, mode, status } of this.#repo.pins()) {
      const root = CID.decode(cid)
      if (status === PINNED) this.#walk(root, { recursive: mode === RECURSIVE, complete: 'I2: the pin' })
      else this.#walk(root, { recursive: true, complete: undefined })
    }
    for (const { cid } of this.#repo.all<{ cid: Uint8Array }>('SELECT cid FROM roots'))
      this.#walk(CID.decode(cid), { recursive: true, complete: 'I2: the files tree' })
  }

  /** With `complete` everything below it must be there, and kept. */
  #walk(root: CID, { recursive, complete }: { recursive: boolean; complete: string | undefined }): void {
    const waiting = [root]
    const seen = new Set<string>()
    for (let cid = waiting.pop(); cid !== undefined; cid = waiting.pop()) {
      const key = keyOf(cid.multihash.bytes)
      if (cid.multihash.code === 0 || seen.has(`${key}/${cid.code}`)) continue
      seen.add(`${key}/${cid.code}`)
      this.#reached.add(key)
      const row = this.#rows.get(key)
      if (row === undefined || !this.#good.has(key)) {
        if (complete !== undefined) this.#wrong(`${complete} ${root} lacks ${cid}`)
        continue
      }
      if (complete !== undefined && row.kept === 0) this.#wrong(`${complete} ${root} reaches ${cid}, which is cached`)
      const links = linksOf(cid, this.#repo.bytesOf(row) as Uint8Array)
      if (links.length > 0 && row.links === 0) this.#wrong(`I2: block ${cid} has links and its row says it has none`)
      if (recursive) waiting.push(...links)
    }
  }

  #checkLedger(): void {
    const { whole, pinned, unpinned, onePinned = [] } = this.#look.ledger
    const pins = new Set(
      this.#repo.pins().flatMap(({ cid, status }) => (status === PINNED ? [CID.decode(cid).toString()] : [])),
    )
    for (const cid of whole) this.#walk(CID.parse(cid), { recursive: true, complete: 'I7: what was acknowledged:' })
    for (const cid of pinned) if (!pins.has(cid)) this.#wrong(`I7: the acknowledged pin of ${cid} is gone`)
    for (const cid of unpinned) if (pins.has(cid)) this.#wrong(`I7: ${cid} was unpinned and is pinned`)
    for (const some of onePinned) {
      const found = some.filter(cid => pins.has(cid)).length
      if (found !== 1) this.#wrong(`I7: ${found} of ${some.join(', ')} are pinned`)
    }
  }

  #checkCollected(): void {
    for (const key of this.#rows.keys())
      if (!this.#reached.has(key)) this.#wrong(`I3: block ${key} is kept by nothing and outlived a collection`)
    for (const table of ['dead', 'leases', 'operations']) {
      const { n = 0 } = this.#repo.all<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)[0] ?? {}
      if (n > 0) this.#wrong(`I4: ${n} rows of ${table} outlived the next writer and a collection`)
    }
    for (const name of readdirSync(join(this.#look.path, 'leases'))) this.#wrong(`I4: leases/${name} is nobody's`)
  }
}

function linksOf(cid: CID, bytes: Uint8Array): CID[] {
  if (cid.code === dagPb.code) return dagPb.decode(bytes).Links.map(({ Hash }) => CID.decode(Hash.bytes))
  if (cid.code === dagCbor.code) return cborLinks(dagCbor.decode(bytes))
  return []
}

function cborLinks(value: unknown): CID[] {
  const cid = CID.asCID(value)
  if (cid !== null) return [cid]
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(cborLinks) : []
}
