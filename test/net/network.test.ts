import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PeerId } from '@libp2p/interface'
import { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RAW } from '../../src/block/cid.ts'
import { sha256 } from '../../src/block/hash.ts'
import { type CairnError, isCairnError } from '../../src/errors.ts'
import { loadIdentity } from '../../src/net/identity.ts'
import { parseListedPeer } from '../../src/net/reconnect.ts'
import { generateSwarmKey } from '../../src/net/swarm-key.ts'
import { until } from './fake-wire.ts'
import { connect, startNode, stopNodes } from './net-node.ts'

const soon = () => ({ signal: AbortSignal.timeout(30_000) })
const failure = (promise: Promise<unknown>): Promise<CairnError> =>
  promise.then(
    () => assert.unreachable(),
    error => error,
  ) as Promise<CairnError>
const cidOf = (bytes: Uint8Array) => CID.createV1(RAW, sha256(bytes))

test.after.each(stopNodes)

test('a node is who its repository says, offers what it can, and says its version', async () => {
  const { network, repo } = await startNode()
  const identity = await loadIdentity(repo)
  assert.is(network.peerId, identity.peerId)
  assert.is(network.publicKey, identity.publicKey)
  assert.match(network.addresses()[0] ?? '', new RegExp(`^/ip4/127\\.0\\.0\\.1/tcp/\\d+/p2p/${identity.peerId}$`))
  assert.equal(network.protocols(), [
    '/ipfs/bitswap/1.2.0',
    '/ipfs/id/1.0.0',
    '/ipfs/id/push/1.0.0',
    '/ipfs/ping/1.0.0',
  ])
  assert.match(network.agentVersion, /^cairn\/\d+\.\d+\.\d+$/)
  assert.equal(network.lacks(), [])
})

test('its identity survives a restart', async () => {
  const first = await startNode()
  await first.network.stop()
  const second = await startNode({ repo: first.repo })
  assert.is(second.network.peerId, first.network.peerId)
})

test('blocks of every size go from node to node, over TCP and WebSockets', async () => {
  for (const listen of ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws']) {
    const a = await startNode({ listen: [listen] })
    const b = await startNode()
    await connect(b, a)
    const blocks = [0, 1, 1000, 64 * 1024, 1024 * 1024, 2 * 1024 * 1024].map(size => randomBytes(size))
    const cids = blocks.map(bytes => a.store.add(bytes))
    const session = b.network.session(cids[0] as CID)
    const fetched = await Promise.all(cids.map(cid => session.fetch(cid, soon())))
    assert.equal(
      fetched.map(bytes => Buffer.from(bytes)),
      blocks,
    )
  }
})

test('both ends see each other with versions and protocols', async () => {
  const [a, b] = [await startNode(), await startNode()]
  await connect(b, a)
  await until(() => a.network.helia.libp2p.getPeers().length > 0)
  const [peer] = await b.network.peers()
  assert.is(peer?.id, a.network.peerId)
  assert.is(peer?.direction, 'outbound')
  const [back] = await a.network.peers()
  assert.is(back?.id, b.network.peerId)
  assert.is(back?.direction, 'inbound')
})

test('a block that comes later is sent when it is committed', async () => {
  const [a, b] = [await startNode(), await startNode()]
  await connect(b, a)
  const bytes = randomBytes(5000)
  const cid = cidOf(bytes)
  const fetched = b.network.session(cid).fetch(cid, soon())
  await until(() => b.lines.length > 0)
  // The want has to be with the other node first: a second fetch of what it has shows that the line is drained.
  const other = a.store.add(randomBytes(10))
  await b.network.session(other).fetch(other, soon())
  a.store.put(cid, bytes)
  assert.equal(Buffer.from(await fetched), bytes)
})

test('a node that lies is found out: its bytes are not taken, an honest one serves instead', async () => {
  const [liar, b] = [await startNode(), await startNode()]
  const bytes = randomBytes(5000)
  const cid = cidOf(bytes)
  liar.store.put(cid, randomBytes(5000))
  await connect(b, liar)
  const timer = new AbortController()
  const alone = b.network.session(cid).fetch(cid, { signal: timer.signal })
  await until(() => b.lines.some(line => line.includes('nobody asked for')))
  timer.abort(new DOMException('late', 'TimeoutError'))
  const error = await failure(alone)
  assert.is(error.code, 'UNREACHABLE')
  assert.ok(error.tried.some(line => line.includes(liar.network.peerId) && line.endsWith('sent other bytes')))
  assert.is(b.store.blocks.size, 0)
  const honest = await startNode()
  honest.store.put(cid, bytes)
  await connect(b, honest)
  assert.equal(Buffer.from(await b.network.session(cid).fetch(cid, soon())), bytes)
})

test('a peer that asks for much and reads nothing holds up nobody else', async () => {
  const [a, greedy, good] = [await startNode(), await startNode(), await startNode()]
  const cids = Array.from({ length: 60 }, () => a.store.add(randomBytes(256 * 1024)))
  await greedy.network.helia.libp2p.handle('/ipfs/bitswap/1.2.0', stream => stream.pause(), { force: true })
  await connect(greedy, a)
  await connect(good, a)
  const greedySession = greedy.network.session(cids[0] as CID)
  const ended = cids.map(cid => failure(greedySession.fetch(cid, soon())))
  const session = good.network.session(cids[0] as CID)
  const fetched = await Promise.all(cids.map(cid => session.fetch(cid, soon())))
  assert.is(fetched.length, cids.length)
  await greedy.network.stop()
  await Promise.all(ended)
})

test('a message that is no bitswap ends the connection of its sender, nothing else', async () => {
  const [a, hostile, good] = [await startNode(), await startNode(), await startNode()]
  await connect(hostile, a)
  await connect(good, a)
  const stream = await hostile.network.helia.libp2p.dialProtocol(
    hostile.network.helia.libp2p.getPeers()[0] as PeerId,
    '/ipfs/bitswap/1.2.0',
  )
  // A want list with one entry whose CID is three bytes of nonsense.
  stream.send(Uint8Array.from([0x09, 0x0a, 0x07, 0x0a, 0x05, 0x0a, 0x03, 0x63, 0x63, 0x63]))
  await until(() => hostile.network.helia.libp2p.getPeers().length === 0)
  const bytes = randomBytes(10)
  const cid = a.store.add(bytes)
  assert.equal(Buffer.from(await good.network.session(cid).fetch(cid, soon())), bytes)
})

test('what nobody has ends with the caller’s signal and names who was asked', async () => {
  const [a, b] = [await startNode(), await startNode()]
  await connect(b, a)
  const cid = cidOf(randomBytes(10))
  const error = await failure(b.network.session(cid).fetch(cid, { signal: AbortSignal.timeout(300) }))
  assert.is(error.code, 'UNREACHABLE')
  assert.ok(
    error.tried.some(line => line.includes(a.network.peerId)),
    error.tried.join(),
  )
  const cancelled = new AbortController()
  const fetched = b.network.session(cid).fetch(cid, { signal: cancelled.signal })
  cancelled.abort()
  assert.is((await failure(fetched)).code, 'CANCELLED')
})

test('private nodes with one key exchange blocks; with another key, or none, nobody gets in', async () => {
  const swarmKey = generateSwarmKey()
  const [a, b] = [await startNode({ mode: 'private', swarmKey }), await startNode({ mode: 'private', swarmKey })]
  await connect(b, a)
  const bytes = randomBytes(100_000)
  const cid = a.store.add(bytes)
  assert.equal(Buffer.from(await b.network.session(cid).fetch(cid, soon())), bytes)

  const outsider = await startNode()
  const stranger = await startNode({ mode: 'private', swarmKey: generateSwarmKey() })
  for (const { network } of [outsider, stranger]) {
    const refused = failure(network.connect(a.network.addresses()[0] ?? '', { signal: AbortSignal.timeout(2000) }))
    assert.is((await refused).code, 'UNREACHABLE')
  }
  assert.equal((await stranger.network.peers()).length + (await outsider.network.peers()).length, 0)
})

test('a private node without its key does not start, and opens no port', async () => {
  const repo = mkdtempSync(join(tmpdir(), 'net-'))
  const error = await failure(startNode({ mode: 'private', repo }))
  assert.is(error.code, 'BAD_CONFIG')
  assert.equal(readdirSync(repo), [])
})

test('mode offline starts no network', async () => {
  assert.is((await failure(startNode({ mode: 'offline' }))).code, 'NO_DAEMON')
})

test('a port in use is named before anything starts', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const address = `/ip4/127.0.0.1/tcp/${(server.address() as { port: number }).port}`
  const error = await failure(startNode({ listen: [address] }))
  server.close()
  assert.is(error.code, 'PORT_IN_USE')
  assert.match(error.message, address)
})

test('an address that cannot be listened on is lacking, and the node starts all the same', async () => {
  const { network, lines } = await startNode({ listen: ['/ip4/203.0.113.1/tcp/4001'] })
  assert.match(network.lacks()[0] ?? '', /^not listening on \/ip4\/203\.0\.113\.1\/tcp\/4001: EADDRNOTAVAIL$/)
  await until(() => lines.some(line => line.includes('lacks')))
  assert.is(lines.filter(line => line.includes('lacks')).length, 1)
})

test('a listed peer is missed until it is there, and dialled again after it was away', async () => {
  const a = await startNode()
  const address = a.network.addresses()[0] ?? ''
  const port = address.split('/')[4]
  const b = await startNode({ peers: [address] })
  await until(() => b.network.lacks().length === 0)
  await a.network.stop()
  await until(() => b.network.lacks().length === 1)
  assert.is(b.network.lacks()[0], `listed peer not reached: ${address}`)
  await startNode({ repo: a.repo, listen: [`/ip4/127.0.0.1/tcp/${port}`] })
  await until(() => b.network.lacks().length === 0)
})

test('a listed peer that is no multiaddr, or names no peer, is a mistake in the configuration', () => {
  for (const peer of ['nonsense', '/ip4/127.0.0.1/tcp/4001', '/ip4/127.0.0.1/tcp/4001/p2p/xyz']) {
    assert.throws(
      () => parseListedPeer(peer),
      (error: unknown) => isCairnError(error, 'BAD_CONFIG'),
      peer,
    )
  }
})

test('connecting to what is no address, or to nobody, is explained', async () => {
  const { network } = await startNode()
  assert.is((await failure(network.connect('nonsense', soon()))).code, 'BAD_REQUEST')
  const gone = await startNode()
  const address = gone.network.addresses()[0] ?? ''
  await gone.network.stop()
  const error = await failure(network.connect(address, soon()))
  assert.is(error.code, 'UNREACHABLE')
  assert.equal(error.tried, [address])
})

test('a command’s own node fetches without listening, under a name of its own', async () => {
  const a = await startNode()
  const client = await startNode({ role: 'client', peers: [a.network.addresses()[0] ?? ''] })
  assert.equal(client.network.addresses(), [])
  assert.is.not(client.network.peerId, (await loadIdentity(client.repo)).peerId)
  const bytes = randomBytes(3000)
  const cid = a.store.add(bytes)
  assert.equal(Buffer.from(await client.network.session(cid).fetch(cid, soon())), bytes)
})

test('users of Helia get blocks through the same exchange', async () => {
  const [a, b] = [await startNode(), await startNode()]
  await connect(b, a)
  const bytes = randomBytes(3000)
  const cid = a.store.add(bytes)
  const parts: Uint8Array[] = []
  for await (const part of b.network.helia.blockstore.get(cid, soon())) parts.push(part)
  assert.equal(Buffer.concat(parts), bytes)
  assert.ok(b.store.has(cid))
})

test('stopping ends fetches and frees the port; stopping twice is stopping once', async () => {
  const a = await startNode()
  const port = a.network.addresses()[0]?.split('/')[4]
  const cid = cidOf(randomBytes(10))
  const fetched = a.network.session(cid).fetch(cid, soon())
  await Promise.all([a.network.stop(), a.network.stop()])
  assert.is((await failure(fetched)).code, 'CANCELLED')
  const again = await startNode({ listen: [`/ip4/127.0.0.1/tcp/${port}`] })
  assert.match(again.network.addresses()[0] ?? '', `/tcp/${port}/`)
})

test.run()
