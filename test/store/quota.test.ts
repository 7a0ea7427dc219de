import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isCairnError } from '../../src/errors.ts'
import type { Store } from '../../src/store/store.ts'
import { KiB, MiB } from '../../src/units.ts'
import { assertBooks, assertReadable, freshStore, type leaf, putAll, randomLeaf, rejects, WAIT } from './support.ts'

const MAX = 64 * MiB

function diskBytes(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}

/** Puts 1 MiB blocks until one is refused; resolves with those of the operations that ended well. */
async function fill(store: Store): Promise<{ stored: ReturnType<typeof leaf>[]; error: Error }> {
  const stored: ReturnType<typeof leaf>[] = []
  for (let round = 0; round < 100; round++) {
    const blocks = Array.from({ length: 4 }, () => randomLeaf(MiB))
    try {
      await putAll(store, blocks)
    } catch (error) {
      return { stored, error: error as Error }
    }
    stored.push(...blocks)
    assert.ok(diskBytes(store.path) <= MAX, `${diskBytes(store.path)} bytes on the disk`)
  }
  return assert.unreachable('never refused') as never
}

for (const commit of ['inline', 'worker'] as const) {
  test(`store.max is hard: writes are refused, what was stored stays, unpinning goes on (${commit})`, async () => {
    let asked = 0
    const makeRoom = async () => void asked++
    const store = await freshStore({ commit, maxBytes: MAX, makeRoom })
    const { stored, error } = await fill(store)
    assert.ok(isCairnError(error, 'NO_SPACE'), error.stack)
    assert.is(asked, 1)
    assert.ok(stored.length >= 16, `${stored.length} MiB of ${MAX / MiB} were used`)
    assert.ok(diskBytes(store.path) <= MAX)
    await assertReadable(store, stored)
    await rejects(
      putAll(
        store,
        Array.from({ length: 6 }, () => randomLeaf(MiB)),
      ),
      'NO_SPACE',
    )
    assert.is(asked, 2)
    assert.equal(await store.write([{ sql: 'INSERT INTO meta VALUES (?, 1)', params: ['a small write'] }]), [1])
    assertBooks(store)
    const operations = store.database.get<{ n: number }>('SELECT count(*) AS n FROM operations WHERE finished IS NULL')
    assert.is(operations?.n, 0)
    await store[Symbol.asyncDispose]()
  })

  test(`nobody's root comes before its blocks, and nobody's end is forgotten, while room is made and not found (${commit})`, async () => {
    const looking = Promise.withResolvers<void>()
    const found = Promise.withResolvers<void>()
    const makeRoom = () => {
      looking.resolve()
      return found.promise
    }
    const store = await freshStore({ commit, maxBytes: MAX, makeRoom })
    const filling = fill(store)
    const others = Array.from({ length: 6 }, () => randomLeaf(MiB))
    const other = others[0] as ReturnType<typeof leaf>
    const operation = await store.begin('add')
    await looking.promise
    for (const block of others) await operation.put(block)
    const root = { sql: "INSERT INTO roots VALUES ('mfs', 'other', ?)", params: [other.cid.bytes] }
    const ended = operation.finish([root]).then(
      () => 'stored',
      error => error.code,
    )
    const unpinned = store.write([{ sql: 'DELETE FROM roots WHERE key = ?', params: ['none'] }], { freesRoom: true })
    await unpinned
    found.resolve()
    assert.ok(isCairnError((await filling).error, 'NO_SPACE'))
    const outcome = await ended
    const roots = store.database.all("SELECT 1 FROM roots WHERE key = 'other'").length
    assert.equal([outcome, roots, store.stat(other.cid) !== undefined], ['NO_SPACE', 0, false])
    await operation.abort()
    assert.equal(store.database.all('SELECT id FROM operations WHERE finished IS NULL'), [])
    await store[Symbol.asyncDispose]()
  })

  test(`room that was made is used by the very write that asked for it (${commit})`, async () => {
    let victim: ReturnType<typeof leaf>[] = []
    const store = await freshStore({
      commit,
      maxBytes: MAX,
      makeRoom: async own => {
        // As an eviction would: rows first, through the store itself and through the database.
        const note = (key: string) => own.write([{ sql: 'INSERT OR REPLACE INTO meta VALUES (?, 1)', params: [key] }])
        await Promise.all([note('room was made'), note('and more'), note('at once')])
        await own.database.transact(tx => {
          tx.run('DELETE FROM blocks')
          tx.run('DELETE FROM data')
          tx.run('DELETE FROM packs WHERE sealed = 1')
          tx.run("UPDATE counters SET value = 0 WHERE name <> 'pack_bytes'")
          tx.run(
            "UPDATE counters SET value = (SELECT coalesce(sum(committed), 0) FROM packs) WHERE name = 'pack_bytes'",
          )
          tx.run('UPDATE packs SET live = 0')
        })
      },
    })
    for (let round = 0; round < 30; round++) {
      victim = Array.from({ length: 4 }, () => randomLeaf(MiB))
      await putAll(store, victim)
      if (store.database.get("SELECT 1 FROM meta WHERE key = 'room was made'") !== undefined) break
    }
    assert.ok(store.database.get("SELECT 1 FROM meta WHERE key = 'room was made'"))
    await assertReadable(store, victim)
    await store[Symbol.asyncDispose]()
  })
}

test('fetched blocks never make a kept one fail, and do without room quietly', async () => {
  let asked = 0
  const store = await freshStore({ maxBytes: MAX, cacheBytes: 0, makeRoom: async () => void asked++ })
  const { stored } = await fill(store)
  asked = 0
  const fetched = Array.from({ length: 6 }, () => randomLeaf(2 * MiB))
  for (const { cid, bytes } of fetched) await store.cache(cid, bytes)
  await store.write([])
  assert.ok(diskBytes(store.path) <= MAX)
  await assertReadable(store, stored)
  assert.ok(asked <= 1)
  for (const { cid } of fetched) {
    if (store.has(cid)) continue
    await rejects(store.get(cid, WAIT), 'BLOCK_NOT_LOCAL')
  }
  assertBooks(store)
  await store[Symbol.asyncDispose]()
})

test('small blocks count too: a store that is full of them refuses', async () => {
  const store = await freshStore({ maxBytes: 24 * MiB })
  let refused: unknown
  for (let round = 0; round < 200 && refused === undefined; round++) {
    const blocks = Array.from({ length: 40 }, () => randomLeaf(KiB))
    await putAll(store, blocks).catch(error => {
      refused = error
    })
  }
  assert.ok(isCairnError(refused, 'NO_SPACE'), String(refused))
  assert.ok(store.counters().diskBytes <= 24 * MiB)
  assertBooks(store)
  await store[Symbol.asyncDispose]()
})

test.run()
