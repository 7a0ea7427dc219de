import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findEndpoint, gatewayUrl, parseEndpoint } from '../../cli/endpoint.ts'
import { createRemote, type Remote } from '../../cli/remote.ts'
import { parseCid } from '../../src/block/cid.ts'
import { CairnError, isCairnError } from '../../src/errors.ts'

const HELLO = parseCid('bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am')
const wait = { signal: new AbortController().signal }

type Answer = (incoming: IncomingMessage, outgoing: ServerResponse) => void

/** A daemon that answers as told: what a real one never says can be said here. */
async function withDaemon(answer: Answer, work: (remote: Remote, port: number) => Promise<void>): Promise<void> {
  const server = createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  try {
    await work(createRemote({ host: '127.0.0.1', port }), port)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const failureOf = async (work: Promise<unknown>): Promise<CairnError> => {
  try {
    await work
  } catch (error) {
    if (isCairnError(error)) return error
    throw error
  }
  throw new Error('it did not fail')
}

test('the multiaddrs of an api file', () => {
  assert.equal(parseEndpoint('/ip4/127.0.0.1/tcp/5001\n'), { host: '127.0.0.1', port: 5001 })
  assert.equal(parseEndpoint('/ip6/::1/tcp/5001'), { host: '::1', port: 5001 })
  assert.equal(parseEndpoint('/unix/run/cairn.sock'), { socketPath: '/run/cairn.sock' })
  for (const bad of ['', 'http://127.0.0.1:5001', '/ip4/127.0.0.1/udp/5001', '/ip4/127.0.0.1/tcp/x', '/unix'])
    assert.is(parseEndpoint(bad), undefined)
})

test('a daemon is found only where one listens', async () => {
  const repo = mkdtempSync(join(tmpdir(), 'endpoint-'))
  const file = join(repo, 'api')
  assert.is(await findEndpoint(file, wait), undefined)
  let gone = 0
  await withDaemon(
    () => {},
    async (_remote, port) => {
      gone = port
      writeFileSync(file, `/ip4/127.0.0.1/tcp/${port}\n`)
      assert.equal(await findEndpoint(file, wait), { host: '127.0.0.1', port })
      assert.is(await gatewayUrl(repo, wait), undefined)
      writeFileSync(join(repo, 'gateway'), 'http://127.0.0.1:1\n')
      assert.is(await gatewayUrl(repo, wait), 'http://127.0.0.1:1')
    },
  )
  assert.is(await findEndpoint(file, wait), undefined)
  assert.is(await gatewayUrl(repo, wait), undefined)
  const refused = await failureOf(createRemote({ host: '127.0.0.1', port: gone }).id(wait))
  assert.is(refused.code, 'NO_DAEMON')
})

test('a block is hashed here: a daemon that lies is found out', async () => {
  await withDaemon(
    (incoming, outgoing) => outgoing.end(incoming.url?.includes('block/get') ? 'hello\n' : ''),
    async remote => assert.is(Buffer.from(await remote.blockGet(HELLO, wait)).toString(), 'hello\n'),
  )
  await withDaemon(
    (_incoming, outgoing) => outgoing.end('other'),
    async remote => assert.is((await failureOf(remote.blockGet(HELLO, wait))).code, 'HASH_MISMATCH'),
  )
  await withDaemon(
    (_incoming, outgoing) => outgoing.end(Buffer.alloc(3 * 1024 * 1024)),
    async remote => assert.is((await failureOf(remote.blockGet(HELLO, wait))).code, 'LIMIT'),
  )
})

test('errors: the text of Kubo, the code of Cairn where it is said', async () => {
  const refuse =
    (status: number, body: string, headers = {}): Answer =>
    (_incoming, outgoing) =>
      outgoing.writeHead(status, headers).end(body)
  const document = '{"Message":"ipld: could not find x","Code":0,"Type":"error"}'
  await withDaemon(refuse(500, document), async remote => {
    const error = await failureOf(remote.blockGet(HELLO, wait))
    assert.equal([error.code, error.message], ['UNREACHABLE', 'ipld: could not find x'])
  })
  await withDaemon(refuse(500, document, { 'x-cairn-code': 'BLOCK_NOT_LOCAL' }), async remote => {
    assert.is((await failureOf(remote.blockGet(HELLO, wait))).code, 'BLOCK_NOT_LOCAL')
  })
  await withDaemon(refuse(404, '404 page not found\n', { 'x-cairn-code': 'nonsense' }), async remote => {
    const error = await failureOf(remote.id(wait))
    assert.equal([error.code, error.message], ['UNREACHABLE', '404 page not found'])
  })
  await withDaemon(refuse(502, ''), async remote => {
    assert.is((await failureOf(remote.id(wait))).message, 'the daemon answered id with status 502')
  })
})

test('pin/add: progress, result, an error after progress, a connection that breaks', async () => {
  const lines =
    (texts: string[], cut = false): Answer =>
    (incoming, outgoing) => {
      assert.match(incoming.url ?? '', 'recursive=true&progress=true&name=n')
      for (const text of texts) outgoing.write(`${text}\n`)
      if (cut) outgoing.write('', () => outgoing.destroy())
      else outgoing.end()
    }
  const add = (remote: Remote, seen: number[] = []) =>
    remote.pinAdd(HELLO, { mode: 'recursive', name: 'n', onProgress: ({ blocks }) => seen.push(blocks), ...wait })
  await withDaemon(lines(['{"Progress":1,"Bytes":6}', '{"Progress":2}', `{"Pins":["${HELLO}"]}`]), async remote => {
    const seen: number[] = []
    assert.is(String((await add(remote, seen)).cid), String(HELLO))
    assert.equal(seen, [1, 2])
  })
  await withDaemon(lines(['{"Progress":1}', '{"Message":"pin: no","Code":0,"Type":"error"}']), async remote =>
    assert.is((await failureOf(add(remote))).message, 'pin: no'),
  )
  await withDaemon(lines(['{"Progress":1}'], true), async remote =>
    assert.is((await failureOf(add(remote))).code, 'UNREACHABLE'),
  )
  await withDaemon(lines(['{"Progress":1}']), async remote =>
    assert.match((await failureOf(add(remote))).message, 'broke off'),
  )
})

test('peers with their latencies; none at all', async () => {
  const peers = [
    {
      Addr: '/ip4/1.2.3.4/tcp/1',
      Peer: '12D3KooWA',
      Latency: '1m1.5s',
      Direction: 1,
      Identify: { AgentVersion: 'kubo', Protocols: ['/a'] },
    },
    { Addr: '/ip4/1.2.3.4/tcp/2', Peer: '12D3KooWB', Latency: '830.5µs', Direction: 2 },
    { Addr: '/ip4/1.2.3.4/tcp/3', Peer: '12D3KooWC', Latency: 'n/a' },
  ]
  await withDaemon(
    (_incoming, outgoing) => outgoing.end(JSON.stringify({ Peers: peers })),
    async remote => {
      const [a, b, c] = await remote.swarmPeers(wait)
      assert.equal(a, {
        id: '12D3KooWA',
        address: '/ip4/1.2.3.4/tcp/1',
        direction: 'inbound',
        latencyMs: 61_500,
        agentVersion: 'kubo',
        protocols: ['/a'],
      })
      assert.is(b?.latencyMs, 0.8305)
      assert.is(c?.latencyMs, undefined)
    },
  )
  await withDaemon(
    (_incoming, outgoing) => outgoing.end('{"Peers":null}'),
    async remote => assert.equal(await remote.swarmPeers(wait), []),
  )
})

test('an abort ends a call that hangs, with its own reason', async () => {
  await withDaemon(
    () => {},
    async remote => {
      const stop = new AbortController()
      const call = failureOf(remote.blockGet(HELLO, { signal: stop.signal }))
      stop.abort(new CairnError('CANCELLED', 'enough'))
      assert.is((await call).message, 'enough')
    },
  )
})

test.run()
