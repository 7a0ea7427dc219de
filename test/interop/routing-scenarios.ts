// Kubo and Cairn as each other's delegated router, and as each other's gateway over libp2p; each scenario in a process and a network namespace of its own (routing.test.ts).

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { multiaddr } from '@multiformats/multiaddr'
import { CID } from 'multiformats/cid'
import { createPeerHttp, HTTP_PROTOCOL } from '../../gateway/peer-http.ts'
import { RAW } from '../../src/block/cid.ts'
import { sha256 } from '../../src/block/hash.ts'
import { configSchema } from '../../src/config/schema.ts'
import { StreamSocket } from '../../src/net/stream-socket.ts'
import { type LocalNode, openNode } from '../../src/node/open.ts'
import { SILENT } from '../../src/observe/log.ts'
import { startGateway, type TestGateway } from '../gateway/support.ts'
import { makePublisher, makeRecord } from '../names/signing.ts'
import { openNames } from '../names/support.ts'
import { Kubo } from './kubo-daemon.ts'

const soon = () => ({ signal: AbortSignal.timeout(20_000) })

interface Cairn extends AsyncDisposable {
  readonly node: LocalNode
  readonly gateway: TestGateway
}

/** A node on loopback with what it tells others about routing. */
async function startCairn(): Promise<Cairn> {
  const repo = mkdtempSync(join(tmpdir(), 'routing-'))
  const swarm = { listen: ['/ip4/127.0.0.1/tcp/0'] }
  const config = configSchema.parse({ mode: 'lan', swarm, daemon: { mdns: false } })
  const node = await openNode({ repo, config, log: SILENT, role: 'daemon', network: 'eager', createIfMissing: true })
  const network = await node.networkReady
  await network?.serveStreams(HTTP_PROTOCOL, createPeerHttp({ node, config, log: SILENT }).accept)
  const gateway = await startGateway({ routing: 'write', node: { routing: node.routing, names: node.names } })
  return {
    node,
    gateway,
    [Symbol.asyncDispose]: async () => {
      await gateway.close()
      await node[Symbol.asyncDispose]()
    },
  }
}

export const SCENARIOS: Record<string, () => Promise<void>> = {
  'Kubo finds Cairn by Cairn’s own /routing/v1, dials it and fetches a block': async () => {
    await using cairn = await startCairn()
    await using kubo = await Kubo.start({ router: cairn.gateway.url })
    const bytes = randomBytes(10_000)
    const cid = CID.createV1(RAW, sha256(bytes))
    await cairn.node.putBlocks([{ cid, bytes }], soon())
    const { id } = await cairn.node.id()
    assert.equal(await kubo.text(['routing', 'findprovs', `${cid}`]), id)
    assert.match(await kubo.text(['routing', 'findpeer', id]), /^\/ip4\/127\.0\.0\.1\/tcp\/\d+$/m)
    assert.ok(bytes.equals(await kubo.run(['block', 'get', `${cid}`])))
  },
  'Kubo resolves a name by a record that Cairn has': async () => {
    await using cairn = await startCairn()
    await using kubo = await Kubo.start({ router: cairn.gateway.url })
    const publisher = await makePublisher()
    await cairn.node.names.put(publisher.name.text, await makeRecord(publisher, { value: '/ipfs/bafkqaaa' }), soon())
    assert.equal(await kubo.text(['name', 'resolve', `/ipns/${publisher.name.text}`]), '/ipfs/bafkqaaa')
  },
  'Kubo publishes a name at Cairn': async () => {
    await using cairn = await startCairn()
    await using kubo = await Kubo.start({ router: cairn.gateway.url })
    await kubo.run(['name', 'publish', '--allow-delegated', '/ipfs/bafkqabtimvwgy3yk'])
    const name = await kubo.text(['id', '-f', '<id>'])
    const { chain } = await cairn.node.names.resolve(name, { ...soon(), localOnly: true })
    assert.equal(chain[0]?.target, '/ipfs/bafkqabtimvwgy3yk')
  },
  'Kubo reads Cairn’s blocks by HTTP over libp2p': async () => {
    await using cairn = await startCairn()
    await using kubo = await Kubo.start({ hasStreams: true })
    const bytes = randomBytes(1_000_000)
    const cid = CID.createV1(RAW, sha256(bytes))
    await cairn.node.putBlocks([{ cid, bytes }], soon())
    await kubo.run(['swarm', 'connect', cairn.node.network?.addresses()[0] ?? ''])
    const { id } = await cairn.node.id()
    await kubo.run([
      'p2p',
      'forward',
      '--allow-custom-protocol',
      HTTP_PROTOCOL,
      '/ip4/127.0.0.1/tcp/8991',
      `/p2p/${id}`,
    ])
    for (const format of ['raw', 'car']) {
      const answer = await fetch(`http://127.0.0.1:8991/ipfs/${cid}?format=${format}`)
      assert.equal(answer.status, 200)
      const body = Buffer.from(await answer.arrayBuffer())
      assert.ok(body.includes(bytes))
    }
    assert.equal(
      (await fetch('http://127.0.0.1:8991/ipfs/bafkreifbvngde7yu3osqoovlv4h6b5ikpnkitbolboj3vxx2fameo3ppoy?format=raw'))
        .status,
      404,
    )
    assert.equal((await fetch('http://127.0.0.1:8991/')).status, 404)
  },
  'Cairn’s sockets over libp2p read Kubo’s blocks': async () => {
    await using cairn = await startCairn()
    await using kubo = await Kubo.start({ hasStreams: true })
    const bytes = randomBytes(1_000_000)
    const cid = await kubo.text(['block', 'put', '--cid-codec=raw'], bytes)
    const { libp2p } = (await cairn.node.networkReady)?.helia ?? {}
    const stream = await libp2p?.dialProtocol(multiaddr(await kubo.address()), HTTP_PROTOCOL, soon())
    assert.ok(stream !== undefined)
    const socket = new StreamSocket(stream)
    socket.write(`GET /ipfs/${cid}?format=raw HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    const chunks: Buffer[] = []
    for await (const chunk of socket) chunks.push(chunk)
    const answer = Buffer.concat(chunks)
    assert.match(answer.subarray(0, 20).toString(), /^HTTP\/1\.1 200 /)
    assert.ok(answer.includes(bytes))
  },
  'Cairn resolves a name by Kubo’s /routing/v1': async () => {
    await using kubo = await Kubo.start({ gateway: { hosts: [], dnslinks: {} } })
    await kubo.run(['name', 'publish', '--allow-offline', '/ipfs/bafkqabtimvwgy3yk'])
    const ipns = { routers: [`http://${kubo.gatewayAddress()}`] }
    await using cairn = await openNames({ ipns, dnslink: { allowPrivate: true }, findRecords: async () => [] })
    const { chain } = await cairn.names.resolve(await kubo.text(['id', '-f', '<id>']), soon())
    assert.equal(chain[0]?.target, '/ipfs/bafkqabtimvwgy3yk')
  },
}

if (import.meta.main) {
  await SCENARIOS[process.argv[2] ?? '']?.()
  process.exit(0)
}
