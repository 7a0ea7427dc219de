import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createClients, networkOfAddress } from '../../../gateway/safety/clients.ts'
import { connectionGuard } from '../../../gateway/safety/connections.ts'
import { RateTable } from '../../../gateway/safety/rate.ts'
import { parseRate, shareOfRate } from '../../../src/config/rate.ts'
import { SILENT } from '../../../src/observe/log.ts'
import { withGateway } from '../support.ts'
import { logged, refused } from './support.ts'

test('rates as they are written', () => {
  assert.equal(parseRate('100/s'), { perSec: 100, burst: 100 })
  assert.equal(parseRate('600/m burst 50'), { perSec: 10, burst: 50 })
  assert.is(parseRate(''), undefined)
  for (const bad of ['100', '0/s', '5/d', '1/s burst 0', 'x/s', '-1/s', '1/s burst'])
    assert.throws(() => parseRate(bad), /is no rate/)
  assert.equal(parseRate(shareOfRate('100/s burst 10', 4)), { perSec: 25, burst: 3 })
  assert.is(shareOfRate('', 4), '')
})

test('a bucket fills with time and holds no more than its burst', () => {
  const table = new RateTable({ perSec: 2, burst: 3 })
  for (const _ of [1, 2, 3]) assert.is(table.take('a', 100), 0)
  assert.is(table.take('a', 100), 0.5)
  assert.is(table.take('a', 100.25), 0.25)
  assert.is(table.take('b', 100), 0)
  assert.is(table.take('a', 100.5), 0)
  assert.ok(table.take('a', 100.5) > 0)
  for (const _ of [1, 2, 3]) assert.is(table.take('a', 1000), 0)
  assert.ok(table.take('a', 1000) > 0)
})

test('the table forgets whom it saw longest ago', () => {
  const table = new RateTable({ perSec: 1, burst: 1 }, 100)
  for (let client = 0; client < 10_000; client++) {
    table.take(`n${client}`, 1)
    table.take('busy', 1)
  }
  assert.is(table.size, 100)
  assert.ok(table.take('busy', 1) > 0, 'who comes all the time is remembered')
})

test('networks of addresses', () => {
  assert.is(networkOfAddress('203.0.113.9'), '203.0.113')
  assert.is(networkOfAddress('2001:db8:abcd:1::1'), '2001:db8:abcd')
  assert.is(networkOfAddress('2001:0DB8:0abc::'), '2001:db8:abc')
  assert.is(networkOfAddress('2001::1'), '2001:0:0')
  assert.is(networkOfAddress('fe80::1%eth0'), 'fe80:0:0')
})

const via = (remoteAddress: string | undefined, forwarded?: string) =>
  ({ socket: { remoteAddress }, headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded } }) as never

test('the client is the last address that our own proxies did not write', () => {
  const { addressOf, networkOf } = createClients({ proxies: ['10.0.0.0/8', '::1'], log: SILENT })
  assert.is(addressOf(via('10.1.1.1', '6.6.6.6, 203.0.113.9, 10.2.2.2')), '203.0.113.9')
  assert.is(addressOf(via('::1', '[2001:db8::7]:443')), '2001:db8::7')
  assert.is(addressOf(via('::ffff:10.1.1.1', '203.0.113.9:8080')), '203.0.113.9')
  assert.is(addressOf(via('198.51.100.1', '203.0.113.9')), '198.51.100.1', 'a stranger says what it likes')
  assert.is(addressOf(via('10.1.1.1', 'unknown')), '10.1.1.1')
  assert.is(addressOf(via('10.1.1.1', '203.0.113.9, garbage')), '10.1.1.1', 'nothing left of what cannot be read')
  assert.is(networkOf(via('127.0.0.1')), undefined)
  assert.is(networkOf(via('::1', '127.0.0.1')), undefined)
  assert.is(networkOf(via('10.1.1.1', '203.0.113.9')), '203.0.113')
  assert.is(networkOf(via(undefined, '203.0.113.9')), '203.0.113', 'a unix socket is a proxy of ours')
})

test('beyond its rate a network gets 429 with the time to wait; others and this machine do not', async () => {
  const options = { proxies: ['127.0.0.1'], config: { rate: '1/m burst 2' } }
  await withGateway(options, async gateway => {
    const cid = await gateway.add('a.txt', 'hello')
    const from = async (client: string) => gateway.get(`/ipfs/${cid}`, { 'x-forwarded-for': client })
    assert.is((await from('203.0.113.1')).status, 200)
    assert.is((await from('203.0.113.2')).status, 200)
    const before = refused('rate')
    const third = await from('203.0.113.3')
    assert.is(third.status, 429)
    const waitSecs = Number(third.headers.get('retry-after'))
    assert.ok(waitSecs > 50 && waitSecs <= 60, `${waitSecs}`)
    assert.is(third.headers.get('cache-control'), 'no-store')
    assert.is(refused('rate'), before + 1)
    assert.is((await from('203.0.113.4, 203.0.114.1')).status, 200)
    assert.is((await from('6.6.6.6, 203.0.113.4')).status, 429, 'an address in front of it changes nothing')
    for (const _ of [1, 2, 3, 4]) assert.is((await gateway.get(`/ipfs/${cid}`)).status, 200)
    const head = await gateway.raw(`HEAD /ipfs/${cid} HTTP/1.1\nHost: x\nX-Forwarded-For: 203.0.113.5`)
    assert.is(head.status, 429)
    assert.is(head.body.byteLength, 0)
  })
})

test('a proxy that is not listed is told of once', async () => {
  const { log, lines } = logged()
  await withGateway({ log, config: { rate: '1/h' } }, async gateway => {
    const cid = await gateway.add('a.txt', 'hello')
    for (const _ of [1, 2, 3])
      assert.is((await gateway.get(`/ipfs/${cid}`, { 'x-forwarded-for': '203.0.113.1' })).status, 200)
  })
  assert.is(lines.filter(line => line.includes('gateway.proxies does not list')).length, 1)
})

test('one network holds no more than its share of the connections', () => {
  const closers: (() => void)[] = []
  const socket = (network: string | undefined) =>
    ({ network, once: (_: string, close: () => void) => closers.push(close) }) as never
  const clients = { networkOfSocket: (one: unknown) => (one as { network: string | undefined }).network }
  assert.is(connectionGuard({ clients, max: 8, share: 100 }), undefined)
  const takes = connectionGuard({ clients, max: 8, share: 25 })
  assert.ok(takes !== undefined)
  const first = socket('a')
  assert.ok(takes(first) && takes(first) && takes(socket('a')), 'a tunnel is the same connection again')
  assert.not.ok(takes(socket('a')))
  assert.ok(takes(socket('b')) && takes(socket(undefined)) && takes(socket(undefined)) && takes(socket(undefined)))
  closers[0]?.()
  assert.ok(takes(socket('a')))
})

test.run()
