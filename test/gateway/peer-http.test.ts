// §5.48 of the gateway's spec: what peers fetch by HTTP over libp2p, from a daemon whose gateway is open to nobody.

import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { request } from 'node:http'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { multiaddr } from '@multiformats/multiaddr'
import { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Service, serve } from '../../cli/serve.ts'
import { HTTP_PROTOCOL } from '../../gateway/peer-http.ts'
import { RAW } from '../../src/block/cid.ts'
import { sha256 } from '../../src/block/hash.ts'
import { configSchema } from '../../src/config/schema.ts'
import { StreamSocket } from '../../src/net/stream-socket.ts'
import { SILENT } from '../../src/observe/log.ts'
import { readCarCids } from '../conformance/readers.ts'
import { soon } from '../names/support.ts'
import { type NetNode, startNode, stopNodes } from '../net/net-node.ts'
import { folderOf, someBytes } from '../support/dags.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'

let daemon: Service
let address: string
let peer: NetNode
let block: CID
let folder: CID
const BYTES = someBytes(2 * 1024 * 1024)

test.before(async () => {
  const listen = ['/ip4/127.0.0.1/tcp/0']
  const gateway = { listen: '', libp2p: true }
  const api = { listen: '127.0.0.1:0' }
  const config = configSchema.parse({ mode: 'lan', gateway, api, swarm: { listen }, daemon: { mdns: false } })
  const repo = mkdtempSync(join(tmpdir(), 'peer-http-'))
  daemon = await serve({ repo, config, log: SILENT, onMade: () => {} })
  ;[address = ''] = await daemon.startNetwork()
  block = await put(BYTES, 'raw')
  const memory = new MemoryBlocks()
  folder = folderOf(memory, [{ Name: 'a.bin', Hash: block, Tsize: BYTES.byteLength }])
  assert.is(`${await put(await memory.get(folder, soon()), 'dag-pb')}`, `${folder}`)
  peer = await startNode()
})

async function put(bytes: Uint8Array, codec: string): Promise<CID> {
  const body = new FormData()
  body.append('file', new Blob([Buffer.from(bytes)]))
  const url = `${daemon.urls.api}/api/v0/block/put?cid-codec=${codec}&allow-big-block=true`
  const answer = (await (await fetch(url, { method: 'POST', body })).json()) as { Key: string }
  return CID.parse(answer.Key)
}

test.after(async () => {
  await stopNodes()
  await daemon[Symbol.asyncDispose]()
})

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Buffer
}

async function openStream(): Promise<StreamSocket> {
  return new StreamSocket(await peer.network.helia.libp2p.dialProtocol(multiaddr(address), HTTP_PROTOCOL, soon()))
}

async function ask(path: string, { method = 'GET', headers = {} } = {}): Promise<Answer> {
  const socket = await openStream()
  const asked = request({ method, path, headers, createConnection: () => socket as unknown as Socket })
  asked.end()
  const [incoming] = await once(asked, 'response', soon())
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk)
  return { status: incoming.statusCode, headers: incoming.headers, body: Buffer.concat(chunks) }
}

test('§5.48 raw blocks and CARs over libp2p, as they are by HTTP', async () => {
  const raw = await ask(`/ipfs/${block}?format=raw`)
  assert.equal([raw.status, raw.headers['content-type']], [200, 'application/vnd.ipld.raw'])
  assert.ok(raw.body.equals(BYTES))
  const byAccept = await ask(`/ipfs/${block}`, { headers: { accept: 'application/vnd.ipld.raw' } })
  assert.ok(byAccept.body.equals(BYTES))
  const car = await ask(`/ipfs/${folder}?format=car`)
  assert.equal(readCarCids(car.body), [folder.toString(), block.toString()])
  const head = await ask(`/ipfs/${block}?format=raw`, { method: 'HEAD' })
  assert.equal([head.status, head.headers['content-length'], head.body.byteLength], [200, `${BYTES.byteLength}`, 0])
  const manifest = await ask('/.well-known/libp2p/protocols')
  assert.equal(JSON.parse(manifest.body.toString()), { protocols: { '/ipfs/gateway': { path: '/' } } })
})

test('§5.48 nothing else: what would have to be believed, what is not here, what is for this machine', async () => {
  const none = CID.createV1(RAW, sha256(Buffer.from('not here')))
  for (const [path, method, status] of [
    [`/ipfs/${none}?format=raw`, 'GET', 404],
    [`/ipfs/${none}?format=car`, 'GET', 404],
    [`/ipfs/${folder}/`, 'GET', 400],
    [`/ipfs/${folder}/a.bin?format=tar`, 'GET', 406],
    [`/ipfs/${folder}/a.bin?format=raw`, 'GET', 406],
    ['/ipns/example.org/?format=car', 'GET', 404],
    ['/', 'GET', 404],
    ['/routing/v1/providers/bafkqaaa', 'GET', 404],
    [`/ipfs/${block}?format=raw`, 'POST', 405],
    ['http://example.org/ipfs/bafkqaaa?format=raw', 'GET', 404],
  ] as const)
    assert.is((await ask(path, { method })).status, status, `${method} ${path}`)
})

test('§5.48 many at once, and peers that leave in the middle, harm nobody', async () => {
  const many = await Promise.all(Array.from({ length: 6 }, () => ask(`/ipfs/${block}?format=raw`)))
  for (const { body } of many) assert.ok(body.equals(BYTES))
  for (let i = 0; i < 20; i++) {
    const socket = await openStream()
    socket.on('error', () => {})
    socket.write(`GET /ipfs/${folder}?format=car HTTP/1.1\r\nHost: x\r\n\r\n`)
    if (i % 2 === 0) await once(socket, 'data')
    socket.destroy(new Error('gone'))
  }
  const nonsense = await openStream()
  nonsense.on('error', () => {})
  nonsense.write('\0\0\0 nonsense\r\n\r\n')
  const chunks: Buffer[] = []
  for await (const chunk of nonsense) chunks.push(chunk)
  assert.match(Buffer.concat(chunks).toString(), /^HTTP\/1\.1 400 /)
  assert.is((await ask('/ipfs/bafkqaaa?format=raw')).status, 200)
})

test.run()
