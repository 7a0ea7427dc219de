import type { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { RoutedPeer, RoutingApi } from '../../src/api/routing.ts'
import { CairnError } from '../../src/errors.ts'
import { LIMITS } from '../../src/limits.ts'
import { withGateway } from './support.ts'

const NOT_HELD = 'bafkreidrysan7e6wvyxr56wrir6gnskslyyweggpkh6i3hwyglznv4mlom'
const KEY = 'QmcJM7PRfkSbcM5cf1QugM5R37TLRKyJGgBEhXjLTB8uA2'
const NDJSON = { accept: 'application/x-ndjson' }

interface PeersDocument {
  readonly Providers?: { ID: string; Addrs: string[] }[]
  readonly Peers?: { ID: string; Addrs: string[] }[]
}

/** Peers as a network would find them, one after the other. */
const routingOf = (parts: Partial<RoutingApi>): RoutingApi => ({
  findProviders: async function* () {},
  findPeer: async function* () {},
  closestPeers: async function* () {},
  ...parts,
})
const peer = (id: string, addresses: string[] = [], protocols: string[] = []): RoutedPeer => ({
  id,
  addresses,
  protocols,
})

const MIXED = [
  peer('tcp', ['/ip4/1.2.3.4/tcp/4001', '/ip4/1.2.3.4/udp/4001/quic-v1'], ['transport-bitswap']),
  peer('relayed', ['/ip4/1.2.3.4/tcp/4001/p2p/12D3KooWBRy97UB99e3J6hiPesre1MZeuNQvfan4gBziswrRJsNK/p2p-circuit']),
  peer('http', ['/dns4/example.org/tcp/443/https'], ['transport-ipfs-gateway-http']),
  peer('silent'),
]

test('filters: addresses are taken out, peers without any dropped, protocols as they are named', async () => {
  async function* findProviders() {
    yield* MIXED
  }
  const routing = routingOf({ findProviders, findPeer: findProviders })
  await withGateway({ routing: 'read', node: { routing } }, async gateway => {
    const ask = async (query: string, what = 'providers') => {
      const document = (await (
        await gateway.get(`/routing/v1/${what}/${what === 'peers' ? KEY : NOT_HELD}?${query}`)
      ).json()) as PeersDocument
      return (document.Providers ?? document.Peers ?? []).map(({ ID, Addrs }) => `${ID}:${Addrs.length}`)
    }
    assert.equal(await ask(''), ['tcp:2', 'relayed:1', 'http:1', 'silent:0'])
    assert.equal(await ask('filter-addrs=quic-v1'), ['tcp:1'])
    assert.equal(await ask('filter-addrs=QUIC-V1,HTTPS'), ['tcp:1', 'http:1'])
    assert.equal(await ask('filter-addrs=!p2p-circuit'), ['tcp:2', 'http:1'])
    assert.equal(await ask('filter-addrs=tcp,!p2p-circuit,!https'), ['tcp:1'])
    assert.equal(await ask('filter-addrs=unknown'), ['silent:0'])
    assert.equal(await ask('filter-addrs=unknown,udp'), ['tcp:1', 'silent:0'])
    assert.equal(await ask('filter-addrs=no-such-protocol'), [])
    assert.equal(await ask('filter-protocols=transport-bitswap'), ['tcp:2'])
    assert.equal(await ask('filter-protocols=unknown'), ['relayed:1', 'silent:0'])
    assert.equal(await ask('filter-protocols=Transport-IPFS-Gateway-HTTP,unknown'), ['relayed:1', 'http:1', 'silent:0'])
    assert.equal(await ask('filter-protocols=unknown&filter-addrs=p2p-circuit'), ['relayed:1'])
    assert.equal(await ask('filter-addrs=tcp&filter-protocols=transport-graphsync'), [])
    assert.equal(await ask('filter-addrs=quic-v1', 'peers'), ['tcp:1'])
  })
})

test('peers are streamed as they are found, and so many at most', async () => {
  const more = Promise.withResolvers<void>()
  let closed = 0
  async function* findProviders() {
    try {
      yield peer('first')
      await more.promise
      for (let i = 0; ; i++) yield peer(`${i}`)
    } finally {
      closed++
    }
  }
  await withGateway({ routing: 'read', node: { routing: routingOf({ findProviders }) } }, async gateway => {
    const answer = await gateway.get(`/routing/v1/providers/${NOT_HELD}`, {
      accept: 'application/json, application/x-ndjson;q=0.1',
    })
    assert.is(answer.headers.get('content-type'), 'application/x-ndjson')
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
    const { value } = await reader.read()
    assert.is(Buffer.from(value ?? []).toString(), '{"Schema":"peer","ID":"first","Addrs":[],"Protocols":[]}\n')
    more.resolve()
    let rest = ''
    for (let step = await reader.read(); !step.done; step = await reader.read()) rest += Buffer.from(step.value)
    assert.is(rest.trimEnd().split('\n').length, LIMITS.routingStreamed.value - 1)
    const json = (await (await gateway.get(`/routing/v1/providers/${NOT_HELD}`)).json()) as PeersDocument
    assert.is(json.Providers?.length, LIMITS.routingResults.value)
    assert.is(closed, 2)
  })
})

test('a search that fails takes nothing away from what was found; with nothing found the failure is the answer', async () => {
  const failing = (found: readonly RoutedPeer[]) =>
    async function* () {
      yield* found
      throw new CairnError('UNREACHABLE', 'the DHT is away')
    }
  const routing = routingOf({ findProviders: failing([peer('own')]), findPeer: failing([]) })
  await withGateway({ routing: 'read', node: { routing } }, async gateway => {
    const found = await gateway.get(`/routing/v1/providers/${NOT_HELD}`, NDJSON)
    assert.match(await found.text(), '"ID":"own"')
    const none = await gateway.get(`/routing/v1/peers/${KEY}`)
    assert.is(none.status, 504)
    assert.ok(none.headers.has('retry-after'))
    assert.is(none.headers.get('cache-control'), 'no-store')
    assert.is(none.headers.get('access-control-allow-origin'), '*')
  })
})

test('so many at once; the next is told when to come again, and a client that leaves ends its search', async () => {
  let searching = 0
  async function* findProviders(_cid: CID, { signal }: { signal: AbortSignal }) {
    searching++
    await new Promise(resolve => signal.addEventListener('abort', resolve))
    searching--
    yield* []
    throw signal.reason
  }
  const limits = { maxConnections: 200 }
  await withGateway({ routing: 'read', limits, node: { routing: routingOf({ findProviders }) } }, async gateway => {
    const leaving = new AbortController()
    const url = `${gateway.url}/routing/v1/providers/${NOT_HELD}`
    const waiting = Array.from({ length: LIMITS.routingLookups.value }, () =>
      fetch(url, { signal: leaving.signal }).catch(() => undefined),
    )
    while (searching < waiting.length) await new Promise(setImmediate)
    const refused = await fetch(url)
    assert.is(refused.status, 429)
    assert.is(refused.headers.get('retry-after'), '60')
    leaving.abort()
    await Promise.all(waiting)
    while (searching > 0) await new Promise(setImmediate)
  })
})

test('only where it is switched on, and never on the host of a root or of a site', async () => {
  const path = `/routing/v1/providers/${NOT_HELD}`
  await withGateway({}, async gateway => assert.is((await gateway.get(path)).status, 404))
  await withGateway(
    {
      routing: 'read',
      hosts: ['gw.test'],
      dnslinks: ['site.test:/ipfs/bafkqabtimvwgy3yk'],
      node: { routing: routingOf({}) },
    },
    async gateway => {
      const status = async (host: string) => (await gateway.raw(`GET ${path} HTTP/1.1\nHost: ${host}`)).status
      assert.is(await status('gw.test'), 200)
      assert.is(await status('127.0.0.1'), 200)
      assert.is(await status(`${NOT_HELD}.ipfs.gw.test`), 404)
      assert.is(await status('site.test'), 404)
    },
  )
})

test.run()
