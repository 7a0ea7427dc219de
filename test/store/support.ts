// Blocks and stores for the tests of the store.

import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as dagPb from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import * as assert from 'uvu/assert'
import { DAG_PB, RAW } from '../../src/block/cid.ts'
import { sha256 } from '../../src/block/hash.ts'
import type { NewBlock } from '../../src/block/source.ts'
import { isCairnError } from '../../src/errors.ts'
import { openStore } from '../../src/store/open.ts'
import { initRepo } from '../../src/store/repo.ts'
import type { Store, StoreOptions } from '../../src/store/store.ts'
import { GiB, MiB } from '../../src/units.ts'

export const WAIT = { signal: new AbortController().signal }

/** The same bytes for the same seed, in this process and in its children. */
export function bytesOf(seed: string, sizeBytes: number): Uint8Array {
  const key = createHash('sha256').update(seed).digest()
  return new Uint8Array(createCipheriv('aes-256-ctr', key, new Uint8Array(16)).update(new Uint8Array(sizeBytes)))
}

export function leaf(seed: string, sizeBytes = 100): NewBlock {
  const bytes = bytesOf(seed, sizeBytes)
  return { cid: CID.createV1(RAW, sha256(bytes)), bytes, hasLinks: false }
}

export function randomLeaf(sizeBytes: number): NewBlock {
  const bytes = new Uint8Array(randomBytes(sizeBytes))
  return { cid: CID.createV1(RAW, sha256(bytes)), bytes, hasLinks: false }
}

export function node(children: readonly CID[]): NewBlock {
  const bytes = dagPb.encode(dagPb.prepare({ Links: children.map(cid => ({ Hash: cid, Name: '', Tsize: 1 })) }))
  return { cid: CID.createV1(DAG_PB, sha256(bytes)), bytes, hasLinks: children.length > 0 }
}

export const freshPath = (): string => join(mkdtempSync(join(tmpdir(), 'cairn-store-')), 'repo')

export const openAt = (path: string, options: Partial<StoreOptions> = {}): Promise<Store> =>
  openStore({
    path,
    maxBytes: 10 * GiB,
    cacheBytes: 8 * MiB,
    graceMs: 1000,
    verify: 'crc',
    commit: 'inline',
    ...options,
  })

export async function freshStore(options: Partial<StoreOptions> = {}): Promise<Store> {
  const path = freshPath()
  await initRepo(path)
  return openAt(path, options)
}

/** Puts them under one operation and ends it. */
export async function putAll(store: Store, blocks: readonly NewBlock[]): Promise<void> {
  await using operation = await store.begin('put')
  for (const block of blocks) await operation.put(block)
  await operation.finish()
}

export async function assertReadable(store: Store, blocks: readonly NewBlock[]): Promise<void> {
  for (const { cid, bytes } of blocks) {
    const found = await store.get(cid, WAIT)
    assert.ok(Buffer.compare(found, bytes) === 0, `bytes of ${cid}`)
  }
}

export async function rejects(promise: Promise<unknown>, code: string): Promise<Error> {
  const error = await promise.then(
    () => undefined,
    cause => cause,
  )
  assert.ok(error instanceof Error, `expected ${code}, but it went well`)
  assert.ok(isCairnError(error) && error.code === code, `expected ${code}, got ${error.stack}`)
  return error
}

/** Recounts from the rows what the counters and packs claim. */
export function assertBooks(store: Store): void {
  const { database } = store
  const counters = Object.fromEntries(
    database
      .all<{ name: string; value: number }>('SELECT name, value FROM counters')
      .map(({ name, value }) => [name, value]),
  )
  const sum = (where: string) =>
    database.get<{ n: number }>(`SELECT coalesce(sum(size), 0) AS n FROM blocks WHERE ${where}`)?.n ?? 0
  assert.is(counters.blocks, database.get<{ n: number }>('SELECT count(*) AS n FROM blocks')?.n, 'blocks')
  assert.is(counters.block_bytes, sum('1'), 'block_bytes')
  assert.is(counters.inline_bytes, sum('pack = 0'), 'inline_bytes')
  const deadFiles = database.get<{ n: number }>('SELECT coalesce(sum(size), 0) AS n FROM dead WHERE pack = -1')?.n ?? 0
  assert.is(counters.file_bytes, sum('pack = -1') + deadFiles, 'file_bytes')
  assert.is(
    counters.pack_bytes,
    database.get<{ n: number }>('SELECT coalesce(sum(committed), 0) AS n FROM packs')?.n,
    'pack_bytes',
  )
  for (const { id, live } of database.all<{ id: number; live: number }>('SELECT id, live FROM packs')) {
    const real = database.get<{ n: number }>(
      'SELECT coalesce(sum(size + length(mh) + 20), 0) AS n FROM blocks WHERE pack = ?',
      id,
    )
    assert.is(live, real?.n, `live bytes of pack ${id}`)
  }
  const orphans = database.get<{ n: number }>(
    'SELECT count(*) AS n FROM data WHERE id NOT IN (SELECT at FROM blocks WHERE pack = 0)',
  )
  assert.is(orphans?.n, 0, 'inline bytes without a row')
}
