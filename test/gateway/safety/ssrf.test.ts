// Nothing that others name makes this node ask an address inside of the network it is in.

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dialsOf, findViolations } from '../../../scripts/lint.ts'
import { configSchema } from '../../../src/config/schema.ts'
import { isCairnError } from '../../../src/errors.ts'
import { updateSubscriptions } from '../../../src/policy/subscriptions.ts'
import { openNames } from '../../names/support.ts'
import { temporaryFolder } from '../../support/cairn.ts'
import { withGateway } from '../support.ts'

const KEY = 'k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8'
const soon = () => ({ signal: AbortSignal.timeout(10_000) })

let canary: Server
let hits: string[] = []

test.before(async () => {
  canary = createServer((request, response) => {
    hits.push(request.url ?? '')
    response.end()
  })
  canary.on('connection', () => hits.push('connection'))
  canary.on('connect', () => hits.push('connect'))
  await once(canary.listen(0, '::'), 'listening')
})

test.after(() => {
  canary.close()
})

const at = (host = '127.0.0.1') => `http://${host}:${(canary.address() as AddressInfo).port}`

test('every outbound request of the tree goes through the one guarded client', () => {
  const rules = findViolations().filter(({ rule }) => rule.includes('SSRF'))
  assert.equal(rules, [])
})

test('the rule that proves it sees every way to dial', () => {
  for (const bad of [
    "import { request } from 'node:http'",
    "import { get as ask } from 'https'",
    "import http from 'node:http'",
    "import * as net from 'node:net'",
    "import {\n  createServer,\n  connect,\n} from 'node:net'",
    "import { connect } from 'node:tls'",
    "import { fetch } from 'undici'",
    "import { trustlessGateway } from '@helia/trustless-gateway-client'",
    'const answer = await fetch(url)',
    'globalThis.fetch(url)',
    'new WebSocket(url)',
  ])
    assert.ok(dialsOf(bad).length > 0, bad)
  for (const good of [
    "import { createServer, type IncomingMessage } from 'node:http'",
    "import type { Socket } from 'node:net'",
    "import { isIP, type Socket } from 'node:net'",
    '  async fetch(cid: CID, options: Wait): Promise<Uint8Array> {',
    'return session.fetch(cid, wait)',
    '// fetch(url) would do it',
    'await refetch(context)',
  ])
    assert.equal(dialsOf(good), [], good)
  const { dependencies } = JSON.parse(readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  for (const name of Object.keys(dependencies)) assert.equal(dialsOf(`import x from '${name}'`), [], name)
})

test('subscriptions, resolvers over HTTPS and delegated routers at private addresses are not asked', async () => {
  hits = []
  for (const host of ['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '2130706433']) {
    const repo = temporaryFolder('ssrf')
    const { deny } = configSchema.parse({ deny: { subscriptions: [`${at(host)}/list.deny`] } })
    for await (const got of updateSubscriptions({ repo, config: deny, ...soon() })) {
      assert.is(got.outcome, 'failed', host)
      if (got.outcome === 'failed') assert.is(got.error.code, 'FORBIDDEN', host)
    }
    await using node = await openNames({
      dnslink: { servers: ['127.0.0.1:1'], resolvers: [`.=${at(host)}/dns-query`] },
      ipns: { routers: [at(host)] },
      findRecords: async () => [],
    })
    for (const name of [KEY, 'site.test']) {
      const failed = await node.names.resolve(name, soon()).then(
        () => undefined,
        (error: unknown) => error,
      )
      assert.ok(isCairnError(failed), `${host} ${name}`)
    }
  }
  assert.equal(hits, [])
})

test('nor does a request to the gateway make it ask: CONNECT, absolute form, uri, DNSLink of an address', async () => {
  hits = []
  await withGateway({ mode: 'public' }, async gateway => {
    const { port } = canary.address() as AddressInfo
    const heads = [
      `CONNECT 127.0.0.1:${port} HTTP/1.1\nHost: 127.0.0.1:${port}\n\nGET /secret HTTP/1.1\nHost: x`,
      `GET ${at()}/secret HTTP/1.1\nHost: 127.0.0.1:${port}`,
      `GET /ipfs/?uri=${encodeURIComponent(at())} HTTP/1.1\nHost: x`,
      `GET /?uri=${encodeURIComponent(at())} HTTP/1.1\nHost: x`,
      `GET /ipns/127.0.0.1 HTTP/1.1\nHost: x`,
      `GET /ipns/localhost HTTP/1.1\nHost: x`,
      `GET / HTTP/1.1\nHost: 127.0.0.1:${port}`,
      `GET / HTTP/1.1\nHost: x\nX-Forwarded-Host: 127.0.0.1:${port}`,
      `GET / HTTP/1.1\nHost: x\nForwarded: for=127.0.0.1;host=127.0.0.1:${port}\nVia: 1.1 127.0.0.1:${port}`,
      `GET /ipfs/bafkqaaa HTTP/1.1\nHost: x\nReferer: ${at()}/\nOrigin: ${at()}`,
    ]
    for (const head of heads) await gateway.raw(head)
  })
  assert.equal(hits, [])
})

test.run()
