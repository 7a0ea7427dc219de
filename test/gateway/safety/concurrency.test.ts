import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Concurrency, Place } from '../../../gateway/safety/concurrency.ts'
import type { NamesApi } from '../../../src/api/names.ts'
import { CairnError } from '../../../src/errors.ts'
import { METRICS } from '../../../src/observe/metrics.ts'
import { memoryNames, withGateway } from '../support.ts'
import { logged, refused, safeGateway } from './support.ts'

const ABSENT = 'bafkreidrysan7e6wvyxr56wrir6gnskslyyweggpkh6i3hwyglznv4mlom'

function open(port: number, path: string, client = ''): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  const forwarded = client === '' ? '' : `X-Forwarded-For: ${client}\r\n`
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n${forwarded}\r\n`)
  return socket
}

async function leave(sockets: readonly Socket[]): Promise<void> {
  for (const socket of sockets) socket.destroy()
  await Promise.all(sockets.map(socket => (socket.closed ? undefined : once(socket, 'close'))))
}

const retrieving = () => [...METRICS.gatewayRetrieving.samples()][0]?.value

test('requests that wait for the network are counted apart: what is here is served while they wait', async () => {
  await using safe = await safeGateway({ config: { maxRequests: 1, maxRetrievals: 3, clientShare: 100 } })
  const { gateway, network, store } = safe
  const here = await store({ 'a.txt': 'here' })
  const before = refused('retrievals')
  const sockets = [1, 2, 3].map(number => open(gateway.server.port, `/ipfs/${ABSENT}/${number}`))
  // One fetch serves all who wait for the same block; each of them waits.
  while (retrieving() !== 3) await new Promise(resolve => setImmediate(resolve))
  assert.is(await (await gateway.get(`/ipfs/${here}/a.txt`)).text(), 'here')
  const fourth = await gateway.get(`/ipfs/${ABSENT}/4`)
  assert.is(fourth.status, 429)
  assert.is(fourth.headers.get('retry-after'), '60')
  assert.is(fourth.headers.get('cache-control'), 'no-store')
  assert.is(fourth.headers.get('access-control-allow-origin'), '*')
  assert.match(await fourth.text(), 'too many requests wait for the network')
  assert.is(refused('retrievals'), before + 1)
  await leave(sockets)
  await network.untilWaiting(0)
  while (retrieving() !== 0) await new Promise(resolve => setImmediate(resolve))
  const again = open(gateway.server.port, `/ipfs/${ABSENT}/5`)
  await network.untilWaiting(1)
  await leave([again])
})

test('beyond gateway.maxRequests: 429 with Retry-After, a short plain body, also for browsers', async () => {
  const { log, lines } = logged()
  await using safe = await safeGateway({ log, config: { maxRequests: 1, clientShare: 100 } })
  const { gateway, store } = safe
  // A client that takes nothing of a large answer holds its place.
  const big = await store({ big: new Uint8Array(16 * 1024 * 1024) })
  const slow = open(gateway.server.port, `/ipfs/${big}/big`)
  await once(slow, 'readable')
  const before = refused('requests')
  const busy = await gateway.get(`/ipfs/${big}/`, { accept: 'text/html' })
  assert.is(busy.status, 429)
  assert.is(busy.headers.get('content-type'), 'text/plain; charset=utf-8')
  assert.is(busy.headers.get('retry-after'), '60')
  assert.is(busy.headers.get('access-control-allow-origin'), '*')
  assert.match(await busy.text(), /^too many requests at once; try again in 60 s\n$/)
  assert.is(refused('requests'), before + 1)
  const preflight = await fetch(`${gateway.url}/ipfs/${big}/`, { method: 'OPTIONS' })
  assert.is(preflight.status, 200, 'a preflight costs nothing and is answered')
  assert.is(lines.filter(line => line.includes('requests are refused')).length, 1)
  await leave([slow])
  const deadline = performance.now() + 5000
  for (;;) {
    const { status } = await gateway.get(`/ipfs/${big}/`, { accept: 'text/html' })
    if (status === 200) break
    assert.ok(performance.now() < deadline, 'the place is given back')
  }
})

test('one network of clients holds no more than its share, of requests as of retrievals', async () => {
  await using safe = await safeGateway({
    proxies: ['127.0.0.1'],
    config: { maxRequests: 8, maxRetrievals: 4, clientShare: 50 },
  })
  const { gateway, network } = safe
  const { port } = gateway.server
  const sockets = ['198.51.100.1', '198.51.100.2'].map(client => open(port, `/ipfs/${ABSENT}`, client))
  while (retrieving() !== 2) await new Promise(resolve => setImmediate(resolve))
  const before = refused('retrievals-share')
  const third = await gateway.get(`/ipfs/${ABSENT}`, { 'x-forwarded-for': '198.51.100.77' })
  assert.is(third.status, 429)
  assert.match(await third.text(), 'too many requests of your network')
  assert.is(refused('retrievals-share'), before + 1)
  const others = ['203.0.113.1', '2001:db8:1::1'].map(client => open(port, `/ipfs/${ABSENT}`, client))
  while (retrieving() !== 4) await new Promise(resolve => setImmediate(resolve))
  await leave([...sockets, ...others])
  await network.untilWaiting(0)
})

test('names that are looked up in the network are waited for like content; names that are known are not', async () => {
  const stuck = new Map<string, (error: Error) => void>()
  const names: NamesApi = {
    ...memoryNames(['known.test:/ipfs/bafkqabtimvwgy3yk']),
    hasDnslink: async () => false,
  }
  const { resolve } = names
  names.resolve = (name, wait) => {
    if (name === 'known.test') return resolve(name, wait)
    const { promise, reject } = Promise.withResolvers<never>()
    stuck.set(name, reject)
    wait.signal.addEventListener('abort', () => reject(wait.signal.reason))
    return promise
  }
  const config = { maxRequests: 1, maxRetrievals: 1, clientShare: 100 }
  await withGateway({ mode: 'public', config, node: { names } }, async gateway => {
    const first = open(gateway.server.port, '/ipns/slow.test')
    while (retrieving() !== 1) await new Promise(resolve => setImmediate(resolve))
    assert.is(await (await gateway.get('/ipns/known.test')).text(), 'hello\n')
    assert.is((await gateway.get('/ipns/other.test')).status, 429)
    stuck.get('slow.test')?.(new CairnError('NAME_NOT_FOUND', 'nobody knows it'))
    await once(first, 'readable')
    while (retrieving() !== 0) await new Promise(resolve => setImmediate(resolve))
    await leave([first])
  })
})

test('requests behind one another on a connection hold one place, and give it back when that dies', async () => {
  await using safe = await safeGateway({ config: { maxRequests: 40, maxRetrievals: 40, clientShare: 100 } })
  const { gateway, network } = safe
  const inFlight = () => [...METRICS.httpInFlight.samples()].find(({ labels }) => labels.listener === 'gateway')?.value
  const before = inFlight() ?? 0
  for (const _ of [1, 2, 3]) {
    const socket = open(gateway.server.port, `/ipfs/${ABSENT}`)
    socket.write(`GET /ipfs/${ABSENT} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(20))
    while (retrieving() !== 1) await new Promise(resolve => setImmediate(resolve))
    for (let turn = 0; turn < 100; turn++) await new Promise(resolve => setImmediate(resolve))
    assert.is(retrieving(), 1)
    await leave([socket])
    await network.untilWaiting(0)
    while (retrieving() !== 0 || inFlight() !== before) await new Promise(resolve => setImmediate(resolve))
  }
})

test('places are given back whatever happens in between', () => {
  const concurrency = new Concurrency({ maxRequests: 2, maxRetrievals: 1, share: 0.5 })
  const first = concurrency.enter('a')
  assert.is(concurrency.enter('a'), 'share')
  const second = concurrency.enter('b')
  assert.is(concurrency.enter(undefined), 'requests')
  assert.ok(first instanceof Place && second instanceof Place)
  first.begin()
  first.begin()
  assert.is(concurrency.retrievals, 1)
  assert.is(concurrency.requests, 1)
  assert.throws(() => second.begin(), /wait for the network/)
  second.end()
  first.end()
  assert.is(concurrency.retrievals, 1, 'it still waits for another block')
  first.leave()
  first.end()
  first.leave()
  second.leave()
  assert.is(concurrency.requests, 0)
  assert.is(concurrency.retrievals, 0)
  assert.ok(concurrency.enter('a') instanceof Place)
})

test.run()
