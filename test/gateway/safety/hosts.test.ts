import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { NamesApi } from '../../../src/api/names.ts'

import { memoryNames, withGateway } from '../support.ts'
import { refused } from './support.ts'

test('without a list any host is a path gateway, as the specification has it', async () => {
  await withGateway({}, async gateway => {
    const cid = await gateway.add('a.txt', 'hello')
    assert.is((await gateway.raw(`GET /ipfs/${cid} HTTP/1.1\nHost: fake.example`)).status, 200)
  })
})

test('with `* refused` only listed hosts are served: 421 for all others, before a name of theirs is looked up', async () => {
  const lookedUp: string[] = []
  const hosts = ['gw.test', 'docs.test paths', 'bad.test refused', '* refused']
  const names = memoryNames()
  const watched: NamesApi = {
    ...names,
    hasDnslink: async (domain, wait) => {
      lookedUp.push(domain)
      return names.hasDnslink(domain, wait)
    },
  }
  await withGateway({ hosts, mode: 'public', node: { names: watched } }, async gateway => {
    const cid = await gateway.add('a.txt', 'hello')
    const label = cid.toString()
    const status = async (host: string, path = `/ipfs/${cid}`, more = '') =>
      (await gateway.raw(`GET ${path} HTTP/1.1\nHost: ${host}${more}`)).status
    assert.is(await status('gw.test'), 301)
    assert.is(await status('docs.test'), 200)
    assert.is(await status(`${label}.ipfs.gw.test`, '/'), 200)
    const before = refused('host')
    const others = [
      'evil.test',
      'evil.test:8080',
      `${label}.ipfs.evil.test`,
      'bad.test',
      '203.0.113.7',
      '[2001:db8::1]',
      '2130706433',
    ]
    for (const host of others) assert.is(await status(host), 421, host)
    assert.is(await status('evil.test', '/'), 421)
    assert.is(await status('evil.test', '/routing/v1/providers/x'), 421)
    assert.is(refused('host'), before + others.length + 2)
    assert.is(await status('evil.test', `http://evil.test/ipfs/${cid}`), 421, 'nor as a proxy')
    assert.is(await status('gw.test', `/ipfs/${cid}`, '\nX-Forwarded-Host: evil.test'), 421)
    for (const host of ['127.0.0.1:8080', 'localhost', '[::1]']) assert.is(await status(host), 200, host)
    const answer = await gateway.raw(`GET / HTTP/1.1\nHost: evil.test`)
    assert.match(answer.body.toString(), 'does not serve the host')
    assert.is(answer.headers.get('access-control-allow-origin'), '*')
    assert.equal(lookedUp, [])
  })
})

test.run()
