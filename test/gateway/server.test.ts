import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Hono } from 'hono'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { explainListenError } from '../../gateway/listen.ts'
import { type HttpEnv, type HttpLimits, type HttpServer, startServer } from '../../gateway/server.ts'
import { isCairnError } from '../../src/errors.ts'
import { SILENT } from '../../src/observe/log.ts'

const origin = { name: 'gateway', configKey: 'gateway.listen', flag: '--gateway', log: SILENT }

function helloApp(): Hono<HttpEnv> {
  const app = new Hono<HttpEnv>()
  app.get('/hello', c => c.text('hello\n'))
  app.post('/echo', async c => c.body(await c.req.arrayBuffer()))
  return app
}

const start = (
  options: { app?: Hono<HttpEnv>; listen?: string; limits?: Partial<HttpLimits> } = {},
): Promise<HttpServer> =>
  startServer({
    ...origin,
    listen: options.listen ?? '127.0.0.1:0',
    app: options.app ?? helloApp(),
    limits: options.limits ?? {},
  })

async function dial(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

async function allOf(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', chunk => {
    text += chunk
  })
  if (!socket.destroyed) await once(socket, 'close')
  return text
}

test('a server on port 0 says which port it took', async () => {
  const server = await start()
  assert.ok(server.port > 0)
  assert.is(server.url, `http://127.0.0.1:${server.port}`)
  assert.is(await (await fetch(`${server.url}/hello`)).text(), 'hello\n')
  await server.close({ drainMs: 100 })
})

test('localhost listens on both loopbacks with one port', async () => {
  const server = await start({ listen: 'localhost:0' })
  assert.is(server.url, `http://localhost:${server.port}`)
  assert.is((await fetch(`http://127.0.0.1:${server.port}/hello`)).status, 200)
  await server.close({ drainMs: 100 })
})

test('a unix socket serves too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-sock-'))
  const path = join(folder, 's')
  const server = await start({ listen: `unix:${path}` })
  assert.is(server.port, 0)
  const status = await new Promise(resolve => {
    request({ socketPath: path, path: '/hello', headers: { host: 'localhost' } }, response => {
      response.resume()
      resolve(response.statusCode)
    }).end()
  })
  assert.is(status, 200)
  await server.close({ drainMs: 100 })
  rmSync(folder, { recursive: true })
})

test('a port in use names the key, the flag and, on Linux, who holds it', async () => {
  const holder = createServer().listen(0, '127.0.0.1')
  await once(holder, 'listening')
  const { port } = holder.address() as { port: number }
  try {
    await start({ listen: `127.0.0.1:${port}` })
    assert.unreachable('it listened on a port that was taken')
  } catch (error) {
    assert.ok(isCairnError(error, 'PORT_IN_USE'))
    assert.match(error.message, `127.0.0.1:${port}`)
    assert.match(error.hint, '--gateway')
    assert.match(error.hint, 'gateway.listen')
    assert.ok(error.cause instanceof Error)
    if (process.platform === 'linux') assert.match(error.message, `(process ${process.pid})`)
  }
  holder.close()
})

test('an address that is none is refused with an example', async () => {
  for (const listen of ['8080', '', 'localhost', '127.0.0.1:99999', 'http://127.0.0.1:1', ':8080', 'unix:']) {
    try {
      await start({ listen })
      assert.unreachable(`${listen} was taken for an address`)
    } catch (error) {
      assert.ok(isCairnError(error, 'BAD_CONFIG'), listen)
      assert.match(error.hint, '127.0.0.1:8080')
    }
  }
})

test('a reserved port is explained', () => {
  const denied = Object.assign(new Error('listen EACCES'), { code: 'EACCES' })
  const error = explainListenError(denied, '127.0.0.1:80', origin)
  assert.ok(isCairnError(error, 'FORBIDDEN'))
  assert.match(error.hint, 'below 1024')
  assert.match(error.hint, 'gateway.listen')
  assert.is(error.cause, denied)
})

test('an address of another machine is explained', async () => {
  try {
    await start({ listen: '192.0.2.1:0' })
    assert.unreachable('it listened on a foreign address')
  } catch (error) {
    assert.ok(isCairnError(error, 'BAD_CONFIG'))
    assert.match(error.message, '192.0.2.1:0')
  }
})

test('heads of more than 16 KiB and of more than 100 headers are refused', async () => {
  const server = await start()
  const long = await dial(server.port)
  long.write(`GET /hello HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(17_000)}\r\n\r\n`)
  assert.match(await allOf(long), /^HTTP\/1.1 431/)
  const many = await dial(server.port)
  many.write(`GET /hello HTTP/1.1\r\nHost: x\r\n${'X-A: b\r\n'.repeat(120)}\r\n`)
  assert.match(await allOf(many), /^HTTP\/1.1 431/)
  await server.close({ drainMs: 100 })
})

test('a head that never ends is cut', async () => {
  const server = await start({ limits: { headersTimeoutMs: 50 } })
  const socket = await dial(server.port)
  socket.write('GET /hello HTTP/1.1\r\nHost: x\r\n')
  assert.match(await allOf(socket), /^HTTP\/1.1 408|^$/)
  await server.close({ drainMs: 100 })
})

test('both Content-Length and Transfer-Encoding are refused', async () => {
  const server = await start()
  const socket = await dial(server.port)
  socket.write('POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n')
  assert.match(await allOf(socket), /^HTTP\/1.1 400/)
  await server.close({ drainMs: 100 })
})

test('a body that stops coming is cut, a handler that thinks is not', async () => {
  const think = Promise.withResolvers<void>()
  const app = helloApp()
  app.get('/think', async c => {
    await think.promise
    return c.text('thought\n')
  })
  const server = await start({ app, limits: { stallTimeoutMs: 40 } })
  const thinking = fetch(`${server.url}/think`)
  const stalled = await dial(server.port)
  stalled.write('POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc')
  await allOf(stalled)
  think.resolve()
  assert.is(await (await thinking).text(), 'thought\n')
  await server.close({ drainMs: 100 })
})

test('a client that takes nothing is dropped', async () => {
  const app = new Hono<HttpEnv>()
  const dropped = Promise.withResolvers<void>()
  app.get('/big', c => {
    c.env.outgoing.once('close', () => dropped.resolve())
    return c.body(new Uint8Array(64 * 1024 * 1024))
  })
  const server = await start({ app, limits: { stallTimeoutMs: 60 } })
  const socket = await dial(server.port)
  socket.pause()
  socket.write('GET /big HTTP/1.1\r\nHost: x\r\n\r\n')
  await dropped.promise
  socket.resume()
  let received = 0
  socket.on('data', chunk => {
    received += chunk.length
  })
  await once(socket, 'close')
  assert.ok(received < 64 * 1024 * 1024, 'the answer came whole')
  await server.close({ drainMs: 100 })
})

test('closing lets a running answer end, refuses new connections, and does not keep connections alive', async () => {
  const started = Promise.withResolvers<void>()
  const finish = Promise.withResolvers<void>()
  const app = new Hono<HttpEnv>()
  app.get('/slow', async c => {
    started.resolve()
    await finish.promise
    return c.text('done\n')
  })
  const server = await start({ app })
  const socket = await dial(server.port)
  socket.write('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n')
  await started.promise
  const closed = server.close({ drainMs: 60_000 })
  const refused = connect(server.port, '127.0.0.1')
  const [error] = await once(refused, 'error').then(
    args => args,
    reason => [reason],
  )
  assert.is((error as NodeJS.ErrnoException).code, 'ECONNREFUSED')
  finish.resolve()
  assert.match(await allOf(socket), /done\n/)
  await closed
})

test('closing cuts what does not end in time', async () => {
  const app = new Hono<HttpEnv>()
  app.get('/never', () => new Promise<Response>(() => {}))
  const server = await start({ app })
  const socket = await dial(server.port)
  socket.write('GET /never HTTP/1.1\r\nHost: x\r\n\r\n')
  await new Promise(resolve => setImmediate(resolve))
  await server.close({ drainMs: 10 })
  assert.is(await allOf(socket), '')
})

test('where there is no room, a new connection takes the place of the one that has been idle for the longest time', async () => {
  const server = await start({ limits: { maxConnections: 2 } })
  const slow = await dial(server.port)
  slow.write('GET /hello HTTP/1.1\r\nHost: x\r\nX-Slow: ')
  const second = await dial(server.port)
  second.write('GET /hello HTTP/1.1\r\nHost: x\r\n\r\n')
  await once(second, 'data')
  const third = await dial(server.port)
  assert.is(await allOf(slow), '')
  for (const socket of [third, second]) {
    socket.write('GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    assert.match(await allOf(socket), /^HTTP\/1.1 200/)
  }
  await server.close({ drainMs: 100 })
})

test('whoever is being answered keeps its place: what comes above the limit is dropped', async () => {
  const app = helloApp()
  const asked = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const think = Promise.withResolvers<void>()
  app.get('/think/:who', async c => {
    asked[Number(c.req.param('who'))]?.resolve()
    await think.promise
    return c.text('thought\n')
  })
  const server = await start({ app, limits: { maxConnections: 2 } })
  const thinking = await Promise.all([dial(server.port), dial(server.port)])
  for (const [who, socket] of thinking.entries())
    socket.write(`GET /think/${who} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
  await Promise.all(asked.map(({ promise }) => promise))
  assert.is(await allOf(await dial(server.port)), '')
  think.resolve()
  for (const socket of thinking) assert.match(await allOf(socket), /thought\n$/)
  await server.close({ drainMs: 100 })
})

test.run()
