// One daily backup: `backups/<time>.jsonl.gz`. Lines of JSON: a head, the rows of every policy table, an end with their number and SHA-256.

import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import type { Wait } from '../../block/source.ts'
import { createPace } from '../collect/pace.ts'
import type { Database } from '../database/database.ts'
import { SCHEMA_VERSION } from '../database/schema.ts'
import { repoPaths } from '../paths.ts'
import { syncFile, syncFolder } from '../write/sync-folder.ts'
import { formatRow, type PolicyRow, parseRow, policyPages } from './policy-rows.ts'

const FORMAT = 1
const NAME = /^(\d{4}-\d\d-\d\dT\d\d)-(\d\d)-(\d\d)Z\.jsonl\.gz$/

export interface DailyBackup {
  readonly file: string
  readonly madeAtMs: number
}

export interface DailyContent {
  /** Config and keys that lie beside the database, by name. */
  readonly files: Readonly<Record<string, string>>
  readonly rows: number
}

/** The newest first; whatever else lies in the folder is left out. */
export function listDailyBackups(path: string): DailyBackup[] {
  const folder = repoPaths(path).backups
  return readdirSync(folder)
    .flatMap(name => {
      const [, hour, minute, second] = NAME.exec(name) ?? []
      return hour === undefined
        ? []
        : [{ file: join(folder, name), madeAtMs: Date.parse(`${hour}:${minute}:${second}Z`) }]
    })
    .sort((a, b) => b.madeAtMs - a.madeAtMs)
}

export interface WriteDailyOptions extends Wait {
  readonly path: string
  readonly database: Database
  readonly files: Readonly<Record<string, string>>
  readonly nowMs: number
}

/** Durable when it resolves with its file: written beside its name, synced, renamed. */
export async function writeDailyBackup({ path, database, files, nowMs, signal }: WriteDailyOptions): Promise<string> {
  const folder = repoPaths(path).backups
  const file = join(folder, `${new Date(nowMs).toISOString().slice(0, 19).replaceAll(':', '-')}Z.jsonl.gz`)
  const temp = `${file}.tmp`
  try {
    const lines = Readable.from(dailyLines(database, { files, nowMs, signal }))
    // It holds the key of this node's identity.
    await pipeline(lines, createGzip(), createWriteStream(temp, { mode: 0o600 }), { signal })
    syncFile(temp)
    renameSync(temp, file)
  } finally {
    rmSync(temp, { force: true })
  }
  syncFolder(folder)
  return file
}

interface Head extends Wait {
  readonly files: Readonly<Record<string, string>>
  readonly nowMs: number
}

async function* dailyLines(database: Database, { files, nowMs, signal }: Head): AsyncGenerator<string> {
  const pace = createPace(signal)
  const hash = createHash('sha256')
  const hashed = (text: string): string => {
    hash.update(text)
    return text
  }
  yield hashed(
    `${JSON.stringify({ format: FORMAT, schema: SCHEMA_VERSION, made: new Date(nowMs).toISOString(), files })}\n`,
  )
  let rows = 0
  for (const page of policyPages(database)) {
    await pace()
    rows += page.length
    yield hashed(page.map(row => `${formatRow(row)}\n`).join(''))
  }
  yield `${JSON.stringify({ rows, sha256: hash.digest('hex') })}\n`
}

/** What it says of itself; undefined unless all of it is there and right. */
export async function verifyDailyBackup(file: string, { signal }: Wait): Promise<DailyContent | undefined> {
  const hash = createHash('sha256')
  let files: Readonly<Record<string, string>> = {}
  let rows = -1
  let last = ''
  try {
    for await (const line of readLines(file, signal)) {
      if (rows === -1) {
        const head = JSON.parse(line) as { format: number; files: Readonly<Record<string, string>> }
        if (head.format !== FORMAT) return undefined
        files = head.files
      }
      if (rows >= 0) hash.update(`${last}\n`)
      rows++
      last = line
    }
    const end = JSON.parse(last) as { rows: number; sha256: string }
    return end.rows === rows - 1 && end.sha256 === hash.digest('hex') ? { files, rows: end.rows } : undefined
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code !== undefined) return undefined
    throw error
  }
}

/** Of one that was found good. */
export async function* readDailyRows(file: string, { signal }: Wait): AsyncGenerator<PolicyRow> {
  for await (const line of readLines(file, signal)) {
    const value = JSON.parse(line) as { t?: string; r?: Record<string, unknown> }
    if (value.t !== undefined && value.r !== undefined) yield parseRow({ t: value.t, r: value.r })
  }
}

async function* readLines(file: string, signal: AbortSignal): AsyncGenerator<string> {
  const gunzip = createGunzip()
  const input = createReadStream(file, { signal })
  // readline does not hear of a source that fails.
  input.on('error', error => gunzip.destroy(error))
  const lines = createInterface({ input: input.pipe(gunzip), crlfDelay: Number.POSITIVE_INFINITY })
  const failed = new Promise<never>((_, reject) => gunzip.on('error', reject))
  failed.catch(() => undefined)
  const iterator = lines[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), failed])
      if (next.done === true) return
      yield next.value
    }
  } finally {
    lines.close()
    input.destroy()
    gunzip.destroy()
  }
}
