import { randomBytes } from 'node:crypto'
import type { PeerId } from '@libp2p/interface'
import { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { blockKey, RAW } from '../../src/block/cid.ts'
import { sha256 } from '../../src/block/hash.ts'
import { CairnError } from '../../src/errors.ts'
import { LIMITS } from '../../src/limits.ts'
import { BlockServer } from '../../src/net/serve.ts'
import type { IncomingMessage, WantEntry } from '../../src/net/wire.ts'
import { SILENT } from '../../src/observe/log.ts'
import { FakeWire, newPeer, until } from './fake-wire.ts'
import { MemoryStore } from './memory-store.ts'

function setUp({ sendMs }: { sendMs?: number } = {}) {
  const wire = new FakeWire()
  const store = new MemoryStore()
  const stop = new AbortController()
  const stuck: string[] = []
  const onStuck = (peer: PeerId) => void stuck.push(peer.toString())
  const common = { store, wire: () => wire, log: SILENT, signal: stop.signal, onStuck }
  const server = new BlockServer(sendMs === undefined ? common : { ...common, sendMs })
  store.onCommit(multihashes => server.onCommit(multihashes))
  return { wire, store, stop, stuck, server }
}

const cidOf = (bytes: Uint8Array) => CID.createV1(RAW, sha256(bytes))
const want = (cid: CID, more: Partial<WantEntry> = {}): WantEntry => ({ cid: cid.bytes, priority: 1, ...more })
const wantlist = (entries: readonly WantEntry[], full = false): IncomingMessage => ({
  wantlist: { full, entries },
  blocks: [],
  blockPresences: [],
})
const settled = () => new Promise(resolve => setTimeout(resolve, 10))

test('sends what is asked for', async () => {
  const { wire, store, server } = setUp()
  const [peer, bytes] = [await newPeer(), randomBytes(100)]
  server.onMessage(peer, wantlist([want(store.add(bytes))]))
  await until(() => wire.blocks(peer).length > 0)
  assert.equal(wire.blocks(peer), [bytes])
})

test('says that it has a block, or sends it at once if it is small', async () => {
  const { wire, store, server } = setUp()
  const peer = await newPeer()
  const [small, large] = [randomBytes(1024), randomBytes(1025)]
  const cids = [store.add(small), store.add(large)] as const
  server.onMessage(peer, wantlist(cids.map(cid => want(cid, { wantType: 'WantHave' }))))
  await until(() => wire.sent.length > 0)
  assert.equal(wire.blocks(peer), [small])
  assert.equal(wire.presences(peer), [`HaveBlock ${cids[1]}`])
})

test('says what it does not have only to who wants to hear it', async () => {
  const { wire, server } = setUp()
  const [polite, quiet] = [await newPeer(), await newPeer()]
  const cid = cidOf(randomBytes(10))
  server.onMessage(quiet, wantlist([want(cid)]))
  server.onMessage(polite, wantlist([want(cid, { sendDontHave: true })]))
  await until(() => wire.presences(polite).length > 0)
  assert.equal(wire.presences(polite), [`DoNotHaveBlock ${cid}`])
  assert.equal(wire.presences(quiet), [])
})

test('a want that came too early is answered after the commit', async () => {
  const { wire, store, server } = setUp()
  const [peer, bytes] = [await newPeer(), randomBytes(2000)]
  const cid = cidOf(bytes)
  server.onMessage(peer, wantlist([want(cid, { sendDontHave: true })]))
  await until(() => wire.presences(peer).length > 0)
  store.put(cid, bytes)
  await until(() => wire.blocks(peer).length > 0)
  assert.equal(wire.blocks(peer), [bytes])
  store.put(cid, bytes)
  await settled()
  assert.is(wire.blocks(peer).length, 1)
})

test('an early question is answered after the commit too', async () => {
  const { wire, store, server } = setUp()
  const [peer, bytes] = [await newPeer(), randomBytes(2000)]
  const cid = cidOf(bytes)
  server.onMessage(peer, wantlist([want(cid, { wantType: 'WantHave' })]))
  await settled()
  store.put(cid, bytes)
  await until(() => wire.presences(peer).length > 0)
  assert.equal(wire.presences(peer), [`HaveBlock ${cid}`])
})

test('what another process has committed is found by looking', async () => {
  const { wire, store, server } = setUp()
  const peer = await newPeer()
  const blocks = Array.from({ length: 500 }, () => randomBytes(20))
  server.onMessage(peer, wantlist(blocks.map(bytes => want(cidOf(bytes), { sendDontHave: true }))))
  await until(() => wire.presences(peer).length === blocks.length)
  for (const bytes of blocks) store.blocks.set(blockKey(cidOf(bytes)), bytes)
  server.onCommit([])
  await until(() => wire.blocks(peer).length === blocks.length)
})

test('a cancelled want, a replaced list and a peer that is gone get nothing', async () => {
  const { wire, store, server } = setUp()
  const [canceller, replacer, gone] = [await newPeer(), await newPeer(), await newPeer()]
  const bytes = randomBytes(100)
  const cid = cidOf(bytes)
  for (const peer of [canceller, replacer, gone]) server.onMessage(peer, wantlist([want(cid)]))
  await settled()
  server.onMessage(canceller, wantlist([want(cid, { cancel: true })]))
  server.onMessage(replacer, wantlist([], true))
  server.onDisconnect(gone)
  store.put(cid, bytes)
  await settled()
  assert.equal(wire.sent, [])
})

test('one peer loads a batch at a time, not everything it asks for', async () => {
  const { wire, store, server } = setUp()
  const peer = await newPeer()
  const { promise: taken, resolve: take } = Promise.withResolvers<void>()
  wire.onSend = () => taken
  let loaded = 0
  const load = store.get
  store.get = cid => {
    loaded++
    return load(cid)
  }
  const cids = Array.from({ length: 100 }, () => store.add(randomBytes(256 * 1024)))
  server.onMessage(peer, wantlist(cids.map(cid => want(cid))))
  await until(() => wire.sent.length > 0)
  await settled()
  assert.is(loaded, LIMITS.serveBatchBytes.value / (256 * 1024))
  take()
  await until(() => wire.blocks(peer).length === 100)
})

test('a peer that takes nothing does not hold up another', async () => {
  const { wire, store, server } = setUp()
  const [stuck, good] = [await newPeer(), await newPeer()]
  wire.onSend = peer => (peer.equals(stuck) ? new Promise(() => {}) : Promise.resolve())
  const bytes = randomBytes(100)
  const cid = store.add(bytes)
  server.onMessage(stuck, wantlist([want(cid)]))
  server.onMessage(good, wantlist([want(cid)]))
  await until(() => wire.blocks(good).length > 0)
  assert.equal(wire.blocks(good), [bytes])
})

test('a peer that asks and does not read is reported, and what it wanted is forgotten', async () => {
  const { wire, store, stuck, server } = setUp({ sendMs: 5 })
  const peer = await newPeer()
  wire.onSend = (_, signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  server.onMessage(peer, wantlist([want(store.add(randomBytes(100)))]))
  await until(() => stuck.length > 0)
  assert.equal(stuck, [peer.toString()])
  await settled()
  assert.is(wire.sent.length, 1)
})

test('a peer that resets the stream is not blamed for being slow', async () => {
  const { wire, store, stuck, server } = setUp()
  const peer = await newPeer()
  wire.onSend = async () => {
    throw new Error('reset')
  }
  const cid = store.add(randomBytes(100))
  server.onMessage(peer, wantlist([want(cid)]))
  await settled()
  assert.equal(stuck, [])
  wire.onSend = async () => {}
  server.onMessage(peer, wantlist([want(cid)]))
  await until(() => wire.sent.length > 1)
})

test('more wants than a peer may have are left out', async () => {
  const { wire, store, server } = setUp()
  const peer = await newPeer()
  const { promise: taken, resolve: take } = Promise.withResolvers<void>()
  wire.onSend = () => taken
  const cids = Array.from({ length: LIMITS.wantsPerPeer.value + 50 }, () => store.add(randomBytes(8)))
  server.onMessage(peer, wantlist(cids.map(cid => want(cid))))
  take()
  await until(() => wire.blocks(peer).length >= LIMITS.wantsPerPeer.value)
  await settled()
  assert.is(wire.blocks(peer).length, LIMITS.wantsPerPeer.value)
})

test('of early wants only so many are remembered, the latest', async () => {
  const { wire, store, server } = setUp()
  const peer = await newPeer()
  const blocks = Array.from({ length: LIMITS.wantsPerPeer.value + 1 }, () => randomBytes(8))
  for (const bytes of blocks) {
    server.onMessage(peer, wantlist([want(cidOf(bytes))]))
    await new Promise(resolve => setImmediate(resolve))
  }
  for (const bytes of blocks) store.add(bytes)
  await until(() => wire.blocks(peer).length >= blocks.length - 1)
  assert.equal(wire.blocks(peer), blocks.slice(1))
})

test('a block that is damaged on disk is not sent', async () => {
  const { wire, store, server } = setUp()
  const peer = await newPeer()
  const cid = store.add(randomBytes(100))
  store.get = async () => {
    throw new CairnError('CORRUPT_BLOCK', 'rot')
  }
  server.onMessage(peer, wantlist([want(cid, { sendDontHave: true })]))
  await until(() => wire.presences(peer).length > 0)
  assert.equal(wire.presences(peer), [`DoNotHaveBlock ${cid}`])
})

test('a list with something that is no CID is an error for its sender alone', async () => {
  const { server } = setUp()
  const peer = await newPeer()
  assert.throws(() => server.onMessage(peer, wantlist([{ cid: Uint8Array.of(9, 9, 9), priority: 1 }])))
})

test('a stopped server sends nothing more', async () => {
  const { wire, store, stop, server } = setUp()
  const peer = await newPeer()
  const cid = store.add(randomBytes(100))
  stop.abort()
  server.onMessage(peer, wantlist([want(cid)]))
  await settled()
  assert.equal(wire.sent, [])
})

test.run()
