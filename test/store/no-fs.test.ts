import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

// Before the store is loaded: it must see these functions and no others.
const opened: string[] = []
const callbacks = fs as unknown as Record<string, (...args: unknown[]) => unknown>
const promises = fs.promises as unknown as Record<string, (...args: unknown[]) => unknown>
const NAMES = [
  'open',
  'openSync',
  'readFile',
  'readFileSync',
  'writeFile',
  'writeFileSync',
  'createReadStream',
  'createWriteStream',
  'copyFile',
  'copyFileSync',
  'truncate',
  'appendFile',
  'appendFileSync',
  'cp',
  'cpSync',
]
for (const group of [callbacks, promises]) {
  for (const name of NAMES) {
    const original = group[name]
    if (original === undefined) continue
    group[name] = function watched(this: unknown, ...args: unknown[]) {
      opened.push(String(args[0]))
      return original.apply(this, args)
    }
  }
}
syncBuiltinESMExports()

const { assertReadable, freshStore, leaf, node, openAt, putAll, WAIT } = await import('./support.ts')
const { holdDaemonLock } = await import('../../src/store/repo.ts')
const { checkRepo } = await import('../../src/store/check/check.ts')
const { KiB } = await import('../../src/units.ts')

const FORBIDDEN = /cairn\.db|\.lock$/

test('no file of the database and no lock is ever opened through fs: POSIX locks would die with the close', async () => {
  const store = await freshStore()
  const lock = holdDaemonLock(store.path)
  const blocks = Array.from({ length: 30 }, (_, index) => leaf(`nofs ${index}`, 30 * KiB))
  await putAll(store, [...blocks, node(blocks.map(({ cid }) => cid))])
  await putAll(store, [leaf('nofs single', 300 * KiB)])
  await store.cache(leaf('nofs cached', 100 * KiB).cid, leaf('nofs cached', 100 * KiB).bytes)
  await store.write([])
  await assertReadable(store, blocks)
  await store.remove(blocks[0]!.cid, WAIT)
  for await (const _ of checkRepo({ path: store.path, store, readData: true, ...WAIT })) {
    // Only what it opens is of interest.
  }
  lock[Symbol.dispose]()
  await store[Symbol.asyncDispose]()
  const again = await openAt(store.path)
  await again[Symbol.asyncDispose]()
  assert.ok(
    opened.some(name => name.endsWith('.pack')),
    'the watch works',
  )
  assert.equal(
    opened.filter(name => FORBIDDEN.test(name)),
    [],
  )
})

test.run()
