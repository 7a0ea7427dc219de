import { once } from 'node:events'
import http from 'node:http'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseCid } from '../../src/block/cid.ts'
import { CairnError } from '../../src/errors.ts'
import type { FetchBlock } from '../../src/node/sources.ts'
import { callAndLeave, request, silentNetwork, startApi } from './api-support.ts'

const ABSENT = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'

/** A network that says when it is asked and when it is no longer wanted. */
function watchedNetwork() {
  const asked = Promise.withResolvers<void>()
  const given = Promise.withResolvers<unknown>()
  const fetchBlock: FetchBlock = (cid, wait) => {
    asked.resolve()
    wait.signal.addEventListener('abort', () => given.resolve(wait.signal.reason))
    return silentNetwork(cid, wait)
  }
  return { fetchBlock, asked: asked.promise, cancelled: given.promise }
}

for (const path of ['cat', 'get', 'ls', 'block/get', 'dag/export', 'dag/stat', 'pin/add', 'pin/add?progress=true&x=']) {
  test(`a client that goes away cancels ${path}`, async () => {
    const network = watchedNetwork()
    const api = await startApi(network)
    const query = `${path}${path.includes('?') ? '&' : '?'}arg=${ABSENT}`
    await callAndLeave(api.port, query, network.asked)
    const reason = await network.cancelled
    assert.ok(reason instanceof Error)
    await api.close()
  })
}

test('a timeout is an error of its own, or ends the stream that has begun', async () => {
  const api = await startApi()
  const answer = await api.call(`cat?arg=${ABSENT}&timeout=50ms`)
  assert.is(answer.status, 500)
  assert.equal(await answer.json(), { Message: 'context deadline exceeded', Code: 0, Type: 'error' })
  const begun = await request(`${api.url}/api/v0/pin/add?arg=${ABSENT}&progress=true&timeout=1200ms`)
  assert.is(begun.status, 200)
  assert.is(begun.isWhole, false)
  const lines = begun.body.trim().split('\n')
  assert.equal(lines.at(-1), '{"Message":"context deadline exceeded","Code":0,"Type":"error"}')
  assert.is(lines[0], '{}')
  await api.close()
})

test('bytes that fail in the middle end in a broken connection, with nothing after them', async () => {
  const content = Buffer.alloc(3 * 262_144, 'a')
  const failing: FetchBlock = cid => Promise.reject(new CairnError('UNREACHABLE', `nobody has ${cid}`))
  const api = await startApi({ fetchBlock: failing })
  content.fill('b', 262_144, 2 * 262_144)
  content.fill('c', 2 * 262_144)
  const root = await api.add(content)
  const listing = (await (await api.call(`ls?arg=${root}`)).json()) as { Objects: { Links: { Hash: string }[] }[] }
  const last = listing.Objects[0]?.Links[2]?.Hash ?? ''
  await api.call(`block/rm?arg=${last}`)
  const reply = await request(`${api.url}/api/v0/cat?arg=${root}`)
  assert.is(reply.status, 200)
  assert.is(reply.headers['x-content-length'], String(content.length))
  assert.is(reply.isWhole, false)
  assert.ok(reply.body.length <= 2 * 262_144 && /^a*b*$/.test(reply.body), 'only content came')
  await api.close()
})

test('an object stream that fails in the middle says why in its last line, and breaks', async () => {
  const api = await startApi()
  const pinned = await api.add('pinned', 'pin=true')
  const reply = await request(`${api.url}/api/v0/pin/ls?stream=true&arg=${pinned}&arg=${ABSENT}`)
  assert.is(reply.status, 200)
  assert.is(reply.isWhole, false)
  assert.equal(
    reply.body
      .trim()
      .split('\n')
      .map(line => JSON.parse(line)),
    [
      { Cid: pinned, Type: 'recursive' },
      { Message: `path '${ABSENT}' is not pinned`, Code: 0, Type: 'error' },
    ],
  )
  await api.close()
})

test('a slow reader is waited for, and the whole comes', async () => {
  const api = await startApi()
  const content = Buffer.alloc(8 * 1024 * 1024, 'x')
  const root = await api.add(content)
  const sent = http.request(`${api.url}/api/v0/cat?arg=${root}`, { method: 'POST', agent: false }).end()
  const [answer] = (await once(sent, 'response')) as [http.IncomingMessage]
  let length = 0
  for await (const chunk of answer) {
    length += chunk.length
    await new Promise(setImmediate)
  }
  assert.is(length, content.length)
  await api.close()
})

test('shutdown answers first', async () => {
  const api = await startApi()
  const answer = await api.call('shutdown')
  assert.is(answer.status, 200)
  assert.is(await answer.text(), '')
  await api.stopped
  await api.close()
})

test('a truncated add stores and pins nothing', async () => {
  const api = await startApi()
  const sent = http.request(`${api.url}/api/v0/add`, {
    method: 'POST',
    agent: false,
    headers: { 'Content-Type': 'multipart/form-data; boundary=x' },
  })
  sent.end('--x\r\nContent-Disposition: form-data; name="file"; filename="cut"\r\n\r\nthe body stops')
  const [answer] = (await once(sent, 'response')) as [http.IncomingMessage]
  assert.is(answer.statusCode, 500)
  answer.resume()
  await once(answer, 'end')
  assert.is(await (await api.call('pin/ls')).text(), '{}\n')
  const cut = parseCid('QmcMtzLtNB3HDm1Pu59ihaVivqt1AwEAe1b5MbYfCkqsEB')
  assert.is(api.node.content.local.has(cut), false)
  await api.close()
})

test.run()
