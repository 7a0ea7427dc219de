// The rules as a daemon has them, from its configuration, without and with workers: each worker has its part of every number.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { shareOf } from '../../../gateway/workers/limits.ts'
import { configSchema } from '../../../src/config/schema.ts'
import { cairn, cairnOk, startDaemon, temporaryFolder } from '../../support/cairn.ts'

for (const workers of [0, 2]) {
  test(`signed addresses, access, hosts and rates of a daemon with ${workers} workers`, async () => {
    const repo = temporaryFolder('public')
    await cairnOk(['init'], { repo })
    const pinned = await cairnOk(['add', '-Q'], { repo, input: 'pinned' })
    const stored = await cairnOk(['add', '-Q', '--no-pin'], { repo, input: 'not pinned' })
    const settings = {
      'gateway.access': 'pinned',
      'gateway.signedUrls': 'beyond',
      'gateway.hosts': 'gw.test,* refused',
      'gateway.proxies': '127.0.0.1',
      'gateway.rate': `${workers === 0 ? 2 : 4}/h`,
      'gateway.workers': String(workers),
    }
    const args = Object.entries(settings).flatMap(([key, value]) => ['--config', `${key}=${value}`])
    const daemon = await startDaemon({ repo, args })
    try {
      const get = (path: string, headers: Record<string, string> = {}) =>
        fetch(`${daemon.gateway}${path}`, { headers, redirect: 'manual' })
      assert.is(await (await get(`/ipfs/${pinned}`)).text(), 'pinned')
      assert.is((await get(`/ipfs/${stored}`)).status, 404)
      const address = await cairnOk(['sign', `/ipfs/${stored}`], { repo })
      assert.is(await (await get(address)).text(), 'not pinned')
      assert.is((await get(`/ipfs/${pinned}`, { 'x-forwarded-host': 'evil.test' })).status, 421)
      const client = { 'x-forwarded-for': '203.0.113.9', connection: 'keep-alive' }
      const statuses: number[] = []
      for (let count = 0; count < 6; count++) statuses.push((await get(`/ipfs/${pinned}`, client)).status)
      // Two at each process, wherever the connections of this test end.
      const served = statuses.filter(status => status === 200).length
      assert.ok(served >= 2 && served <= (workers === 0 ? 2 : 4), `${statuses}`)
      assert.is(statuses.at(-1), workers === 0 || served < 4 ? 429 : statuses.at(-1))
      await cairnOk(['pin', 'rm', pinned], { repo })
      assert.is((await get(`/ipfs/${pinned}`)).status, 404, 'a pin that is taken away is noticed by every process')
    } finally {
      await daemon.stop()
    }
    assert.not.match(daemon.log(), 'cairn-signature=1')
  })
}

test('what a worker gets of each limit', () => {
  const config = configSchema.parse({ gateway: { rate: '100/s burst 10', maxRequests: 0, maxRetrievals: 5 } })
  const { maxConnections, maxRequests, maxRetrievals, rate, clientShare } = shareOf(config, 2).gateway
  assert.equal([maxConnections, maxRequests, maxRetrievals, clientShare], [4096, 0, 3, 25])
  assert.is(rate, '180000/h burst 5')
})

test('numbers that make no sense are refused with the configuration', async () => {
  const repo = temporaryFolder('bad')
  await cairnOk(['init'], { repo })
  for (const bad of ['gateway.rate=often', 'gateway.clientShare=0', 'gateway.access=some', 'gateway.maxBytes=big']) {
    const { code, stderr } = await cairn(['config', 'show', '--config', bad], { repo })
    assert.is(code, 2, bad)
    assert.match(stderr, bad.split('=')[0] ?? '')
  }
})

test.run()
