// What is done to a copy of the repository: every kind of damage to every region of every kind of file.

import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { packFile, repoPaths } from '../../src/store/paths.ts'
import { BlockFiles } from '../../src/store/write/files.ts'
import type { Site, StoredRow } from './site.ts'

export interface DamageCase {
  readonly name: string
  readonly region: 'pack' | 'file' | 'inline' | 'index' | 'database' | 'wal'
  /** On a copy that nobody has open. */
  readonly does: (repo: string) => void
  /**
   * Why plain reads, of which others have everything, do not mend it. `unmounted`: it looks as if a disk were not mounted, and
   * nothing is decided on that. `no folder`: what others have cannot be stored before a repair has made the folder anew, and
   * is served or refused. `unseen`: the bytes that are read are right, and what comes behind them is not looked at.
   */
  readonly staysForReads?: 'unmounted' | 'no folder' | 'unseen'
}

const edit = (file: string, change: (fd: number, size: number) => void): void => {
  const fd = openSync(file, 'r+')
  try {
    change(fd, statSync(file).size)
  } finally {
    closeSync(fd)
  }
}

const flipAt = (file: string, at: number): void =>
  edit(file, fd => {
    const byte = Buffer.alloc(1)
    readSync(fd, byte, 0, 1, at)
    writeSync(fd, Buffer.from([(byte[0] ?? 0) ^ 0x10]), 0, 1, at)
  })

const zero = (file: string, at: number, length: number): void =>
  edit(file, fd => void writeSync(fd, Buffer.alloc(length), 0, length, at))
const extend = (file: string): void =>
  edit(file, (fd, size) => void writeSync(fd, Buffer.alloc(5000, 0x5a), 0, 5000, size))

function swap(file: string, [a, b]: readonly [number, number], length: number): void {
  edit(file, fd => {
    const [first, second] = [Buffer.alloc(length), Buffer.alloc(length)]
    readSync(fd, first, 0, length, a)
    readSync(fd, second, 0, length, b)
    writeSync(fd, second, 0, length, a)
    writeSync(fd, first, 0, length, b)
  })
}

/** Statements on a copy, by a connection that is closed at once. */
function alter(repo: string, sql: string, ...params: (string | number | Uint8Array)[]): void {
  const database = new DatabaseSync(repoPaths(repo).database)
  try {
    if (database.prepare(sql).run(...params).changes === 0) throw new Error(`changed nothing: ${sql}`)
  } finally {
    database.close()
  }
}

const headerStart = ({ mh, at }: StoredRow): number => at - 20 - mh.byteLength

export function allCases(site: Site): DamageCase[] {
  return [
    ...packCases(site),
    ...fileCases(site),
    ...inlineCases(site),
    ...indexCases(site),
    ...databaseCases(site),
    ...walCases(),
  ]
}

function packCases({ rows }: Site): DamageCase[] {
  const packed = rows.filter(({ pack }) => pack > 0)
  const [first] = packed
  if (first === undefined) throw new Error('nothing lies in a pack')
  const file = (repo: string) => packFile(repo, first.pack)
  const make = (name: string, does: DamageCase['does']): DamageCase => ({ name: `pack: ${name}`, region: 'pack', does })
  const cases = packed.flatMap((row, index) => {
    const start = headerStart(row)
    const end = row.at + row.size
    const fields = {
      magic: 0,
      size: 4,
      crc: 8,
      flags: 12,
      'multihash length': 13,
      reserved: 14,
      multihash: 20,
      'header CRC': row.at - 4 - start,
    }
    return [
      ...Object.entries(fields).map(([field, at]) =>
        make(`${field} of record ${index} flipped`, repo => flipAt(file(repo), start + at)),
      ),
      make(`header of record ${index} zeroed`, repo => zero(file(repo), start, row.at - start)),
      ...[row.at, row.at + (row.size >> 1), end - 1].map(at =>
        make(`byte ${at - row.at} of record ${index} flipped`, repo => flipAt(file(repo), at)),
      ),
      make(`a sector of record ${index} zeroed`, repo => zero(file(repo), row.at + (row.size >> 2), 512)),
      make(`cut in record ${index}`, repo => truncateSync(file(repo), row.at + 100)),
      make(`cut before record ${index}`, repo => truncateSync(file(repo), start)),
    ]
  })
  const same = packed.filter(
    ({ size }) =>
      packed.some(other => other.size === size && other.at !== packed[0]?.at) &&
      size === packed.find(row => packed.filter(({ size: its }) => its === row.size).length > 1)?.size,
  )
  const [a, b] = same
  if (a !== undefined && b !== undefined) {
    const length = 20 + a.mh.byteLength + a.size
    cases.push(
      make('two records swapped', repo => swap(file(repo), [headerStart(a), headerStart(b)], length)),
      make('the bytes of two records swapped', repo => swap(file(repo), [a.at, b.at], a.size)),
    )
  }
  const last = packed.at(-1) ?? first
  return [
    ...cases,
    make('padding flipped', repo => flipAt(file(repo), last.at + last.size + 20)),
    make('magic of the padding flipped', repo => flipAt(file(repo), last.at + last.size)),
    make('emptied', repo => truncateSync(file(repo), 0)),
    make('extended', repo => extend(file(repo))),
    { ...make('file deleted', repo => rmSync(file(repo))), staysForReads: 'unmounted' },
    {
      ...make('folder deleted', repo => rmSync(repoPaths(repo).packs, { recursive: true })),
      staysForReads: 'no folder',
    },
    make('renamed to another number', repo => renameSync(file(repo), packFile(repo, 4711))),
  ]
}

function fileCases({ rows, single }: Site): DamageCase[] {
  const mh = single.multihash.bytes
  const size = rows.find(row => Buffer.compare(row.mh, mh) === 0 && row.pack === -1)?.size
  if (size === undefined) throw new Error('the single block is no file')
  const file = (repo: string) => new BlockFiles(repo).fileOf(mh)
  const make = (name: string, does: (file: string, repo: string) => void): DamageCase => ({
    name: `file: ${name}`,
    region: 'file',
    does: repo => does(file(repo), repo),
  })
  return [
    ...[0, size >> 1, size - 1].map(at => make(`byte ${at} flipped`, path => flipAt(path, at))),
    ...[0, 1, size >> 1, size - 1].map(at => make(`cut at ${at}`, path => truncateSync(path, at))),
    make('zeroed', path => zero(path, 0, size)),
    make('a sector zeroed', path => zero(path, 4096, 512)),
    { ...make('extended', path => extend(path)), staysForReads: 'unseen' },
    make('deleted', path => rmSync(path)),
    make('all block files deleted', (_, repo) => rmSync(repoPaths(repo).blocks, { recursive: true })),
    {
      ...make('its folder deleted', path => rmSync(join(path, '..'), { recursive: true })),
      staysForReads: 'unmounted',
    },
  ]
}

function inlineCases({ rows }: Site): DamageCase[] {
  const inline = rows.filter(({ pack }) => pack === 0)
  const make = (name: string, does: DamageCase['does']): DamageCase => ({
    name: `inline: ${name}`,
    region: 'inline',
    does,
  })
  const each = inline.flatMap(({ at, size }, index) => {
    const set = (name: string, expression: string) =>
      make(`${name} in block ${index}`, repo => alter(repo, `UPDATE data SET bytes = ${expression} WHERE id = ?`, at))
    return [
      set('first byte changed', `CAST(x'ff' || substr(bytes, 2) AS BLOB)`),
      set('last byte changed', `CAST(substr(bytes, 1, ${size - 1}) || x'ff' AS BLOB)`),
      set('cut', `CAST(substr(bytes, 1, ${size >> 1}) AS BLOB)`),
      set('zeroed', 'zeroblob(length(bytes))'),
      set('emptied', `x''`),
      set('extended', `CAST(bytes || x'00ff' AS BLOB)`),
      make(`bytes of block ${index} deleted`, repo => alter(repo, 'DELETE FROM data WHERE id = ?', at)),
    ]
  })
  const [a, b] = inline
  if (a === undefined || b === undefined) throw new Error('too little lies inline')
  return [
    ...each,
    make('two blocks swapped', repo =>
      alter(
        repo,
        'UPDATE blocks SET at = CASE at WHEN ?1 THEN ?2 ELSE ?1 END WHERE pack = 0 AND at IN (?1, ?2)',
        a.at,
        b.at,
      ),
    ),
  ]
}

/** Rows that say something else, as no disk does it and a bug might. */
function indexCases({ rows }: Site): DamageCase[] {
  return rows.flatMap(({ mh, pack }, index) => {
    const set = (name: string, change: string): DamageCase => ({
      name: `index: ${name} of row ${index}`,
      region: 'index',
      does: repo => alter(repo, `${change} WHERE mh = ?`, mh),
    })
    return [
      set('CRC', 'UPDATE blocks SET crc = crc + 1'),
      set('size', 'UPDATE blocks SET size = size + 1'),
      ...(pack === -1 ? [] : [set('place', 'UPDATE blocks SET at = at + 1')]),
      set('pack', 'UPDATE blocks SET pack = 99'),
      set('kept', 'UPDATE blocks SET kept = 0'),
      set('whole', 'DELETE FROM blocks'),
    ]
  })
}

function databaseCases({ repo: whole }: Site): DamageCase[] {
  const file = (repo: string) => repoPaths(repo).database
  const size = statSync(file(whole)).size
  const make = (name: string, does: (file: string) => void): DamageCase => ({
    name: `database: ${name}`,
    region: 'database',
    does: repo => does(file(repo)),
  })
  const pages = Array.from({ length: size / 4096 }, (_, page) => page)
  return [
    ...[0, 16, 18, 28, 40, 44, 52, 60, 68, 100, 105].map(at =>
      make(`header byte ${at} flipped`, path => flipAt(path, at)),
    ),
    ...pages.flatMap(page => [
      make(`head of page ${page} flipped`, path => flipAt(path, page * 4096 + (page === 0 ? 103 : 3))),
      make(`middle of page ${page} flipped`, path => flipAt(path, page * 4096 + 2048)),
      make(`end of page ${page} flipped`, path => flipAt(path, page * 4096 + 4090)),
      make(`page ${page} zeroed`, path => zero(path, page * 4096, 4096)),
    ]),
    make('cut by a page', path => truncateSync(path, size - 4096)),
    make('cut in half', path => truncateSync(path, Math.floor(size / 8192) * 4096)),
    make('cut in a page', path => truncateSync(path, size - 1000)),
    make('emptied', path => truncateSync(path, 0)),
    make('extended', path => extend(path)),
    make('deleted', path => rmSync(path)),
  ]
}

/** To be done to the copy whose last commits are in the WAL. */
function walCases(): DamageCase[] {
  const wal = (repo: string) => `${repoPaths(repo).database}-wal`
  const make = (name: string, does: DamageCase['does']): DamageCase => ({ name: `WAL: ${name}`, region: 'wal', does })
  const sizeOf = (repo: string) => statSync(wal(repo)).size
  return [
    make('left as a kill leaves it', () => {}),
    ...[0, 8, 20, 32, 60, 5000].map(at => make(`byte ${at} flipped`, repo => flipAt(wal(repo), at))),
    ...[0.25, 0.5, 0.75, 0.98].map(share =>
      make(`flipped at ${share} of it`, repo => flipAt(wal(repo), Math.floor(sizeOf(repo) * share))),
    ),
    ...[0, 0.3, 0.6, 0.99].map(share =>
      make(`cut at ${share} of it`, repo => truncateSync(wal(repo), Math.floor(sizeOf(repo) * share))),
    ),
    make('tail zeroed', repo => zero(wal(repo), sizeOf(repo) - 4096, 4096)),
    make('deleted', repo => rmSync(wal(repo))),
    make('its shared memory deleted', repo => rmSync(`${repoPaths(repo).database}-shm`)),
    make('its shared memory zeroed', repo => zero(`${repoPaths(repo).database}-shm`, 0, 32_768)),
  ]
}

/** Told beside a failure. */
export const listRepo = (repo: string): string => (existsSync(repo) ? readdirSync(repo).join(' ') : 'gone')
