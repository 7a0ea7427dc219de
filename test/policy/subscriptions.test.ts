import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RAW } from '../../src/block/cid.ts'
import { sha256 } from '../../src/block/hash.ts'
import { SILENT } from '../../src/observe/log.ts'
import { subscribedFile } from '../../src/policy/deny-paths.ts'
import { DenyService } from '../../src/policy/deny-service.ts'
import { readState, type UpdateOutcome, updateSubscriptions } from '../../src/policy/subscriptions.ts'
import { temporaryFolder } from '../support/cairn.ts'
import { configOf } from './node.ts'

const A = CID.createV1(RAW, sha256(Buffer.from('a')))
const LIST = `version: 1\n---\n/ipfs/${A}\n`
const wait = { signal: new AbortController().signal }

type Serve = (incoming: IncomingMessage, outgoing: ServerResponse) => void

/** A publisher on loopback, with what each request asked. */
async function publisher(first: Serve) {
  const asked: IncomingMessage['headers'][] = []
  const state = { serve: first }
  const server = createServer((incoming, outgoing) => {
    asked.push(incoming.headers)
    state.serve(incoming, outgoing)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    asked,
    set: (serve: Serve) => {
      state.serve = serve
    },
    [Symbol.dispose]: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

function subscriber(url: string, settings: Record<string, string> = {}) {
  const repo = join(temporaryFolder('subscriber'), 'repo')
  mkdirSync(repo, { recursive: true })
  const config = configOf(repo, { 'deny.subscriptions': url, 'deny.allowPrivate': 'true', ...settings }).deny
  return {
    repo,
    update: async (): Promise<UpdateOutcome> => {
      for await (const outcome of updateSubscriptions({ repo, config, ...wait })) return outcome
      throw new Error('nothing was subscribed to')
    },
    blocks: () => {
      using service = new DenyService({ repo, config, log: SILENT, isCommand: true })
      return service.denylist.check({ cid: A }) !== undefined
    },
  }
}

const answer =
  (status: number, body: string, headers: Record<string, string> = {}): Serve =>
  (_incoming, outgoing) =>
    outgoing.writeHead(status, headers).end(body)

test('a list is fetched once, asked for by its ETag, and replaced only by one that can be used', async () => {
  using from = await publisher(answer(200, LIST, { ETag: '"one"', 'Last-Modified': 'Tue, 24 Nov 2026 00:00:00 GMT' }))
  const { repo, update, blocks } = subscriber(`${from.url}/list.deny`)
  assert.is(blocks(), false)
  assert.is((await update()).outcome, 'new')
  assert.is(blocks(), true)
  from.set(answer(304, ''))
  assert.is((await update()).outcome, 'same')
  assert.is(from.asked.at(-1)?.['if-none-match'], '"one"')
  assert.is(from.asked.at(-1)?.['if-modified-since'], 'Tue, 24 Nov 2026 00:00:00 GMT')
  const useless: Record<string, Serve> = {
    'an empty body': answer(200, ''),
    'a page': answer(200, '<!doctype html><title>gone</title>'),
    'another version': answer(200, `version: 2\n---\n/ipfs/${A}\n`),
    'an error': answer(500, LIST),
    'not there': answer(404, LIST),
    'cut short': (_incoming, outgoing) => {
      outgoing.writeHead(200, { 'Content-Length': 10_000 })
      outgoing.write(LIST, () => outgoing.destroy())
    },
    'redirects for ever': answer(302, '', { Location: '/list.deny' }),
    'a redirect elsewhere': answer(302, '', { Location: 'file:///etc/passwd' }),
  }
  for (const [what, serve] of Object.entries(useless)) {
    from.set(serve)
    assert.is((await update()).outcome, 'failed', what)
    assert.is(blocks(), true, what)
    assert.ok(readState(repo, `${from.url}/list.deny`)?.error, what)
    assert.is(readFileSync(subscribedFile(repo, `${from.url}/list.deny`), 'utf8'), LIST, what)
  }
  from.set(answer(200, `/ipfs/${CID.createV1(RAW, sha256(Buffer.from('b')))}\n`))
  assert.is((await update()).outcome, 'new')
  assert.is(blocks(), false)
  assert.is(readState(repo, `${from.url}/list.deny`)?.error, undefined)
  console.log(
    `\n» denylist subscriptions: ${Object.keys(useless).length} useless answers left the last good copy in force`,
  )
})

test('a redirect is followed, and its target guarded like the first address', async () => {
  using to = await publisher(answer(200, LIST))
  using from = await publisher(answer(301, '', { Location: `${to.url}/moved.deny` }))
  const { update, blocks } = subscriber(`${from.url}/list.deny`)
  assert.is((await update()).outcome, 'new')
  assert.is(blocks(), true)
})

test('private addresses are not asked unless the configuration says so', async () => {
  using from = await publisher(answer(200, LIST))
  const { port } = new URL(from.url)
  for (const host of [
    '127.0.0.1',
    'localhost',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '2130706433',
    '0x7f.1',
    '169.254.169.254',
    '10.0.0.1',
  ])
    await assertRefused(`http://${host}:${port}/list.deny`)
  assert.is(from.asked.length, 0)
})

async function assertRefused(url: string): Promise<void> {
  const outcome = await subscriber(url, { 'deny.allowPrivate': 'false' }).update()
  assert.is(outcome.outcome, 'failed', url)
  if (outcome.outcome === 'failed') assert.is(outcome.error.code, 'FORBIDDEN', `${url}: ${outcome.error.message}`)
}

test('what is no URL is said to be none', async () => {
  for (const url of ['nonsense', 'file:///etc/passwd', 'ftp://example.com/list.deny'])
    assert.is((await subscriber(url).update()).outcome, 'failed')
})

test.run()
