import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { requireLoopback } from '../../gateway/api.ts'
import { request, startApi, type TestApi } from './api-support.ts'

let api: TestApi
test.before(async () => {
  api = await startApi()
})
test.after(() => api.close())

const status = async (headers: Record<string, string>, path = '/api/v0/version', method = 'POST') =>
  (await request(api.url + path, { method, headers })).status

test('the API binds to loopback only', () => {
  for (const listen of ['127.0.0.1:5001', '127.8.9.1:0', '[::1]:5001', 'localhost:5001', 'unix:/run/cairn.sock']) {
    requireLoopback(listen)
  }
  for (const listen of ['0.0.0.0:5001', '192.168.1.2:5001', '[::]:5001', 'example.org:5001', '[::ffff:10.0.0.1]:1']) {
    assert.throws(() => requireLoopback(listen), /controls this node/, listen)
  }
})

test('a Host that is not this machine is refused on every page: DNS rebinding', async () => {
  for (const host of ['evil.example', 'evil.example:5001', 'localhost.evil.example', '10.0.0.1', '[::2]:80']) {
    assert.is(await status({ Host: host }), 403, host)
    assert.is(await status({ Host: host }, '/metrics', 'GET'), 403, host)
  }
  for (const host of ['localhost', 'localhost:1', '127.0.0.1:99', '[::1]:5001', 'LOCALHOST']) {
    assert.is(await status({ Host: host }), 200, host)
  }
})

test('pages of other origins get nothing, whatever they ask', async () => {
  const evil = { Origin: 'http://evil.example' }
  assert.is(await status(evil), 403)
  assert.is(await status(evil, '/api/v0/nope'), 403)
  assert.is(await status(evil, '/metrics', 'GET'), 403)
  assert.is(await status({ Origin: 'null' }), 403)
  assert.is(await status({ Origin: `http://localhost:${api.port + 1}` }), 403)
  assert.is(await status({ Origin: `http://localhost.:${api.port}` }), 403)
  assert.is(await status({ Origin: `http://user@localhost:${api.port}` }), 403)
  assert.is(await status({ Origin: `http://localhost:${api.port}` }), 200)
  assert.is(await status({ Referer: 'http://evil.example/x' }), 403)
  assert.is(await status({ 'User-Agent': 'Mozilla/5.0' }), 403)
})

test('a simple form post of another site changes nothing', async () => {
  const cid = await api.add('kept', 'pin=true')
  const form = { Origin: 'http://evil.example', 'Content-Type': 'application/x-www-form-urlencoded' }
  assert.is(await status(form, `/api/v0/pin/rm?arg=${cid}`), 403)
  assert.is((await api.call(`pin/ls?arg=${cid}`)).status, 200)
})

test('only POST runs a command, and GET is told so before anything else', async () => {
  for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH']) {
    const reply = await request(`${api.url}/api/v0/shutdown`, { method })
    assert.is(reply.status, 405, method)
    assert.is(reply.headers.allow, 'OPTIONS, POST')
  }
  assert.is(await status({}, '/api/v0/shutdown', 'OPTIONS'), 204)
})

test('content is not served here', async () => {
  const cid = await api.add('<script>alert(1)</script>')
  for (const path of [`/ipfs/${cid}`, `/ipns/${cid}`, `/api/v0/../../ipfs/${cid}`, '/', '/webui/x']) {
    assert.is(await status({}, path, 'GET'), 404, path)
  }
  const cat = await api.call(`cat?arg=${cid}`)
  assert.is(cat.headers.get('content-type'), 'text/plain')
})

test('paths that only look like the API are not', async () => {
  for (const path of [
    '/api/v0',
    '/api/v0/',
    '/api/v0//version',
    '/api/v1/version',
    '/api/v0/version/a/b',
    '/x/../api/v0/id',
  ]) {
    assert.is(await status({}, path), 404, path)
  }
})

test.run()
