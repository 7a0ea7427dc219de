import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { NewBlock } from '../../src/block/source.ts'
import { importSources } from '../../src/dag/import/import.ts'
import { readFile } from '../../src/dag/unixfs/read.ts'
import { pinStatements } from '../../src/pins/pins.ts'
import { initRepo } from '../../src/store/repo.ts'
import type { Store } from '../../src/store/store.ts'
import { KiB, MiB } from '../../src/units.ts'
import { findings, gc } from '../pins/support.ts'
import { assertBooks, bytesOf, leaf, openAt, WAIT } from '../store/support.ts'
import { startDaemon } from '../support/cairn.ts'
import { deletedPacksOpenIn, packsOpenIn, quickFolder, SMALL_PACKS, spaceOf } from './support.ts'

const FILE_BYTES = 50 * MiB
const PIECE_BYTES = MiB

async function* fileBytes(): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < FILE_BYTES; at += PIECE_BYTES) yield bytesOf(`piece ${at}`, PIECE_BYTES)
}

const wholeHash = async (): Promise<string> => {
  const hash = createHash('sha256')
  for await (const piece of fileBytes()) hash.update(piece)
  return hash.digest('hex')
}

/** The file's leaves lie between twice as much that nothing keeps: every pack of it is to be compacted. */
async function addSparse(path: string): Promise<CID> {
  await initRepo(path)
  await using store = await openAt(path, SMALL_PACKS)
  await using operation = await store.begin('add')
  let strays = 0
  const put = async (block: NewBlock): Promise<void> => {
    await operation.put(block)
    for (let more = 0; more < 2; more++) await operation.put(leaf(`stray ${strays++}`, 256 * KiB))
  }
  const source = { kind: 'stream', name: 'file', content: fileBytes() } as const
  const options = { ...WAIT, chunker: 'size-262144', profile: 'unixfs-v0-2015', rawLeaves: true } as const
  let root: CID | undefined
  for await (const event of importSources([source], options, { put })) if (event.type === 'done') root = event.roots[0]
  assert.ok(root)
  await operation.finish(pinStatements([root], { mode: 'recursive', name: '' }))
  // What was put beside it has no root: a collection takes it now.
  await store.write([{ sql: "UPDATE meta SET value = value + 1 WHERE key = 'epoch'", params: [] }])
  return root
}

/** Collects while `store` alone writes; every pack of the file is compacted and unlinked. */
async function compactAll(store: Store): Promise<{ before: number; after: number; unlinked: number }> {
  const ids = () => store.database.all<{ id: number }>('SELECT id FROM packs').map(({ id }) => id)
  const [old, before] = [ids(), spaceOf(store).heldBytes]
  await gc(store)
  const now = new Set(ids())
  return { before, after: spaceOf(store).heldBytes, unlinked: old.filter(id => !now.has(id)).length }
}

/** Polls; the bound is for a machine that is busy, the figure is what is told. */
async function until(isTrue: () => boolean, what: string): Promise<number> {
  const startedAt = performance.now()
  while (!isTrue()) {
    if (performance.now() - startedAt > 20_000) assert.unreachable(`never: ${what}`)
    await setTimeout(20)
  }
  return performance.now() - startedAt
}

const told: string[] = []

test('a slow reader in this process gets every byte of a file whose packs are compacted and unlinked under it', async () => {
  using folder = quickFolder('packs-reader')
  const path = join(folder.path, 'repo')
  const root = await addSparse(path)
  await using reader = await openAt(path, SMALL_PACKS)
  await using collector = await openAt(path, SMALL_PACKS)
  const hash = createHash('sha256')
  let [bytes, unlinked] = [0, 0]
  for await (const chunk of readFile(reader, root, { ...WAIT, reuse: true })) {
    hash.update(chunk)
    bytes += chunk.byteLength
    if (unlinked === 0 && bytes > 10 * MiB) unlinked = (await compactAll(collector)).unlinked
  }
  assert.ok(unlinked >= 3, `${unlinked} packs unlinked`)
  assert.is(bytes, FILE_BYTES)
  assert.is(hash.digest('hex'), await wholeHash())
  const closedMs = await until(() => deletedPacksOpenIn('self').length === 0, 'unlinked packs closed')
  told.push(`reader beside: ${unlinked} packs unlinked under it, closed after ${Math.round(closedMs)} ms`)
  assertBooks(collector)
  assert.equal(await findings(collector), [])
})

async function openStream(url: string): Promise<IncomingMessage> {
  const [response] = (await once(get(url), 'response')) as [IncomingMessage]
  assert.is(response.statusCode, 200)
  return response
}

test('a gateway streams every byte of a file that is compacted under it, and gives the space back though it idles', async () => {
  using folder = quickFolder('packs-gateway')
  const path = join(folder.path, 'repo')
  const root = await addSparse(path)
  const daemon = await startDaemon({ repo: path })
  const pid = daemon.child.pid as number
  try {
    await using store = await openAt(path, SMALL_PACKS)
    const response = await openStream(`${daemon.gateway}/ipfs/${root}`)
    const hash = createHash('sha256')
    let [bytes, unlinked, before, after] = [0, 0, 0, 0]
    for await (const chunk of response) {
      hash.update(chunk)
      bytes += chunk.byteLength
      if (unlinked > 0 || bytes < 10 * MiB) continue
      assert.ok(packsOpenIn(pid).length > 0, 'the gateway has packs open')
      ;({ unlinked, before, after } = await compactAll(store))
    }
    assert.ok(unlinked >= 3, `${unlinked} packs unlinked`)
    assert.is(bytes, FILE_BYTES)
    assert.is(hash.digest('hex'), await wholeHash())
    // Nothing asks it for anything now.
    const freedMs = await until(() => deletedPacksOpenIn(pid).length === 0, 'the gateway lets go of unlinked packs')
    assert.ok(after < before / 2, `${before} bytes held before, ${after} after`)
    told.push(
      `gateway: ${unlinked} packs unlinked under a stream of 50 MiB, let go ${Math.round(freedMs)} ms after its end`,
    )
  } finally {
    await daemon.stop()
  }
})

test('a gateway that idles on packs lets go of them within two seconds of their end', async () => {
  using folder = quickFolder('packs-idle')
  const path = join(folder.path, 'repo')
  const root = await addSparse(path)
  const daemon = await startDaemon({ repo: path })
  const pid = daemon.child.pid as number
  try {
    const response = await openStream(`${daemon.gateway}/ipfs/${root}`)
    for await (const _ of response);
    const open = packsOpenIn(pid).length
    assert.ok(open > 0, 'the gateway keeps packs open')
    await using store = await openAt(path, SMALL_PACKS)
    const { unlinked } = await compactAll(store)
    assert.ok(unlinked >= 3, `${unlinked} packs unlinked`)
    const freedMs = await until(() => deletedPacksOpenIn(pid).length === 0, 'the idle gateway lets go')
    told.push(`idle gateway with ${open} packs open: space back after ${Math.round(freedMs)} ms`)
  } finally {
    await daemon.stop()
  }
})

test.after(() => console.log(`\n» packs: ${told.join('; ')}; every byte right`))

test.run()
