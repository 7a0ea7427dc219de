import { multiaddr } from '@multiformats/multiaddr'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createDialGuard } from '../../src/net/dial-guard.ts'

const PEER = '12D3KooWRBy97UB99e3J6hiPesre1MZeuNQvfan4gBziswrRJsNK'

const isDenied = async (guard: ReturnType<typeof createDialGuard>, address: string) =>
  (await guard.gater.denyDialMultiaddr?.(multiaddr(address))) === true

test('strangers make a public node send no HTTP request into its own network', async () => {
  const guard = createDialGuard({ isPublic: true })
  for (const address of [
    '/ip4/127.0.0.1/tcp/5001/ws',
    `/ip4/127.0.0.1/tcp/5001/ws/p2p/${PEER}`,
    '/ip4/169.254.169.254/tcp/80/ws',
    '/ip4/10.0.0.1/tcp/443/tls/ws',
    '/ip4/192.168.1.1/tcp/80/wss',
    '/ip6/::1/tcp/8080/ws',
    '/ip6/fd00::1/tcp/80/ws',
    '/ip6/::ffff:127.0.0.1/tcp/80/ws',
    '/dns4/localhost/tcp/5001/ws',
    '/dns/localhost/tcp/443/tls/ws',
    `/ip4/127.0.0.1/tcp/5001/ws/p2p/${PEER}/p2p-circuit/p2p/${PEER}`,
  ])
    assert.ok(await isDenied(guard, address), address)
  for (const address of [
    '/ip4/8.8.8.8/tcp/80/ws',
    '/ip6/2606:4700::1111/tcp/443/tls/ws',
    '/ip4/192.168.1.7/tcp/4001',
    `/ip4/127.0.0.1/tcp/4001/p2p/${PEER}`,
    '/dns4/no-such-host.invalid/tcp/443/wss',
  ])
    assert.not.ok(await isDenied(guard, address), address)
})

test('what a person names is dialled wherever it is, and so is everything in a network of friends', async () => {
  const guard = createDialGuard({ isPublic: true })
  guard.allow(multiaddr(`/ip4/127.0.0.1/tcp/4002/ws/p2p/${PEER}`))
  assert.not.ok(await isDenied(guard, '/ip4/127.0.0.1/tcp/4002/ws'))
  assert.ok(await isDenied(guard, '/ip4/127.0.0.1/tcp/4003/ws'))
  assert.not.ok(await isDenied(createDialGuard({ isPublic: false }), '/ip4/127.0.0.1/tcp/4003/ws'))
})

test.run()
