import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { delegatedRoutingV1HttpApiClient } from '@helia/delegated-routing-v1-http-api-client'
import { defaultLogger } from '@libp2p/logger'
import { base36 } from 'multiformats/bases/base36'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { LIBP2P_KEY } from '../../src/block/cid.ts'
import { sha256 } from '../../src/block/hash.ts'
import { configSchema } from '../../src/config/schema.ts'
import { LIMITS } from '../../src/limits.ts'
import { openNode } from '../../src/node/open.ts'
import { SILENT } from '../../src/observe/log.ts'
import { inSeconds, makePublisher, makeRecord } from '../names/signing.ts'
import { openNames, soon } from '../names/support.ts'
import { type TestGateway, withGateway } from './support.ts'

const HELLO = Buffer.from('hello routing\n')
const NOT_HELD = CID.parse('bafkreidrysan7e6wvyxr56wrir6gnskslyyweggpkh6i3hwyglznv4mlom')
const RECORD_TYPE = 'application/vnd.ipfs.ipns-record'
const KEY = 'QmcJM7PRfkSbcM5cf1QugM5R37TLRKyJGgBEhXjLTB8uA2'
const NDJSON = { accept: 'application/x-ndjson' }

const clientOf = ({ url }: TestGateway) =>
  delegatedRoutingV1HttpApiClient({ url: `${url}/`, cacheTTL: 0 })({ logger: defaultLogger() })

/** A real node without a network, behind a gateway that tells what it knows. */
async function withNode(
  routing: 'read' | 'write',
  run: (gateway: TestGateway, node: Awaited<ReturnType<typeof openNode>>, held: CID) => Promise<void>,
): Promise<void> {
  const repo = mkdtempSync(join(tmpdir(), 'routing-'))
  const config = configSchema.parse({ mode: 'offline' })
  const options = { repo, config, log: SILENT, role: 'command', network: 'never', createIfMissing: true } as const
  await using node = await openNode(options)
  const held = CID.createV1(0x55, sha256(HELLO))
  await node.putBlocks([{ cid: held, bytes: HELLO }], soon())
  await withGateway({ routing, node: { routing: node.routing, names: node.names, id: () => node.id() } }, gateway =>
    run(gateway, node, held),
  )
}

test('who has it: this node for what it holds, nobody for what it does not, for a client of the registry', async () => {
  await withNode('read', async (gateway, node, held) => {
    const client = clientOf(gateway)
    const { id } = await node.id()
    const found = await Array.fromAsync(client.getProviders(held, soon()))
    assert.equal(
      found.map(peer => base58btc.baseEncode(peer.ID.multihash.bytes)),
      [id],
    )
    assert.equal(await Array.fromAsync(client.getProviders(NOT_HELD, soon())), [])
    const self = CID.createV1(LIBP2P_KEY, found[0]?.ID.multihash as CID['multihash'])
    assert.is((await Array.fromAsync(client.getPeers(self, soon()))).length, 1)
    const json = await gateway.get(`/routing/v1/providers/${held}`)
    assert.equal(await json.json(), { Providers: [{ Schema: 'peer', ID: id, Addrs: [], Protocols: [] }] })
    assert.is(
      json.headers.get('cache-control'),
      'public, max-age=300, stale-while-revalidate=172800, stale-if-error=172800',
    )
    assert.is(json.headers.get('vary'), 'Accept')
    assert.is(json.headers.get('access-control-allow-origin'), '*')
    assert.ok(Math.abs(Date.parse(json.headers.get('last-modified') ?? '') - Date.now()) < 60_000)
    for (const spelled of [id, self.toString(), self.toV1().toString(base58btc)])
      assert.is(
        ((await (await gateway.get(`/routing/v1/peers/${spelled}`)).json()) as PeersDocument).Peers?.[0]?.ID,
        id,
      )
    // An identity CID needs no search, and a node without a DHT has no closest peers.
    assert.is((await gateway.get(`/routing/v1/dht/closest/peers/${held}`)).status, 501)
  })
})

interface PeersDocument {
  readonly Providers?: { ID: string; Addrs: string[] }[]
  readonly Peers?: { ID: string; Addrs: string[] }[]
}

test('nothing found is 200 with an empty list, to be asked again soon', async () => {
  await withNode('read', async gateway => {
    for (const [headers, body] of [
      [{}, '{"Providers":[]}'],
      [{ accept: 'application/json;q=0.5, text/html' }, '{"Providers":[]}'],
      [NDJSON, ''],
    ] as const) {
      const answer = await gateway.get(`/routing/v1/providers/${NOT_HELD}`, headers)
      assert.is(answer.status, 200)
      assert.is(await answer.text(), body)
      assert.match(answer.headers.get('cache-control') ?? '', 'max-age=15, stale-while')
      assert.is(answer.headers.get('content-type'), body === '' ? 'application/x-ndjson' : 'application/json')
    }
  })
})

test('a record goes in and comes out as it was signed; what is not valid does not go in', async () => {
  await withNode('write', async gateway => {
    const client = clientOf(gateway)
    const publisher = await makePublisher()
    const name = CID.parse(publisher.name.text, base36)
    const none = await gateway.get(`/routing/v1/ipns/${name}`, { accept: RECORD_TYPE })
    assert.is(none.status, 200)
    assert.match(none.headers.get('content-type') ?? '', 'text/plain')
    assert.match(none.headers.get('cache-control') ?? '', 'max-age=15,')
    const record = await makeRecord(publisher, { value: '/ipfs/bafkqaaa', validity: inSeconds(1000) })
    await client.putIPNS(name as never, record, soon())
    assert.ok(Buffer.from(record).equals(Buffer.from(await client.getIPNS(name as never, soon()))))
    const answer = await gateway.get(`/routing/v1/ipns/${publisher.key.publicKey.toString()}`)
    assert.is(answer.headers.get('content-type'), RECORD_TYPE)
    const [, maxAge, stale, error] =
      /^public, max-age=(\d+), stale-while-revalidate=(\d+), stale-if-error=(\d+)$/.exec(
        answer.headers.get('cache-control') ?? '',
      ) ?? []
    assert.is(maxAge, '300')
    assert.ok(Number(stale) > 600 && Number(stale) <= 700 && stale === error)
    assert.ok(Math.abs(Date.parse(answer.headers.get('expires') ?? '') - Date.now() - 1_000_000) < 60_000)
    const etag = answer.headers.get('etag') ?? ''
    assert.match(etag, /^"[0-9a-f]{32}"$/)
    const again = await gateway.get(`/routing/v1/ipns/${name}`, { 'if-none-match': etag })
    assert.is(again.status, 304)
    const put = (body: Uint8Array, key = `${name}`, type = RECORD_TYPE) =>
      fetch(`${gateway.url}/routing/v1/ipns/${key}`, {
        method: 'PUT',
        body: Buffer.from(body),
        headers: { 'content-type': type },
      })
    const older = await makeRecord(publisher, { value: '/ipfs/bafkqaaa', sequence: 0n })
    assert.is((await put(older)).status, 409)
    assert.is((await put(await makeRecord(await makePublisher(), { value: '/ipfs/bafkqaaa' }))).status, 400)
    assert.is((await put(new Uint8Array(0))).status, 400)
    assert.is((await put(new Uint8Array(LIMITS.recordBytes.value + 1))).status, 400)
    assert.is((await put(record, 'example.org')).status, 400)
    assert.is((await put(record, `${name}`, 'application/octet-stream')).status, 406)
    assert.is((await gateway.get(`/routing/v1/ipns/${name}`, { accept: 'application/json' })).status, 406)
  })
})

test('the record of another Cairn is found through its /routing/v1, and one that has ended is none', async () => {
  await withNode('write', async gateway => {
    const publisher = await makePublisher()
    const put = async (fields: { sequence: bigint; validity: string }) => {
      const body = Buffer.from(await makeRecord(publisher, { value: `/ipfs/${NOT_HELD}`, ...fields }))
      const url = `${gateway.url}/routing/v1/ipns/${publisher.name.text}`
      return (await fetch(url, { method: 'PUT', body, headers: { 'content-type': RECORD_TYPE } })).status
    }
    assert.is(await put({ sequence: 7n, validity: inSeconds(60) }), 200)
    await using other = await openNames({
      ipns: { routers: [gateway.url] },
      dnslink: { allowPrivate: true },
      findRecords: async () => [],
    })
    const { path } = await other.names.resolve(publisher.name.text, soon())
    assert.is(path.root.toString(), NOT_HELD.toString())
    assert.is((await other.names.record(publisher.name.text, soon())).sequence, 7n)
    assert.is(await put({ sequence: 8n, validity: inSeconds(-1) }), 400)
  })
})

test('what is asked wrongly', async () => {
  await withNode('read', async (gateway, _node, held) => {
    const status = async (path: string, headers = {}) => (await gateway.get(`/routing/v1/${path}`, headers)).status
    assert.is(await status('providers/nonsense'), 400)
    assert.is(await status('providers/'), 400)
    assert.is(await status(`providers/${held}/more`), 400)
    assert.is(await status('elsewhere'), 400)
    assert.is(await status(`peers/${held}`), 400)
    assert.is(await status('peers/example.org'), 400)
    assert.is(await status('ipns/example.org'), 400)
    assert.is(await status('dht/closest/peers/nonsense'), 400)
    assert.is(await status('dht/closest/peers/1%00'), 400)
    assert.is(await status(`providers/${held}`, { accept: 'text/html' }), 406)
    const by = (method: string) => fetch(`${gateway.url}/routing/v1/ipns/${KEY}`, { method })
    for (const method of ['PUT', 'POST', 'DELETE']) {
      const refused = await by(method)
      assert.is(refused.status, 501, method)
      assert.is(refused.headers.get('allow'), 'GET, HEAD, OPTIONS')
    }
    const preflight = await by('OPTIONS')
    assert.is(preflight.status, 200)
    assert.is(await preflight.text(), '')
    assert.is(preflight.headers.get('access-control-allow-methods'), 'GET, HEAD, OPTIONS')
    const head = await fetch(`${gateway.url}/routing/v1/providers/${held}`, { method: 'HEAD' })
    assert.is(head.status, 200)
    assert.ok(Number(head.headers.get('content-length')) > 50)
  })
})

test.run()
