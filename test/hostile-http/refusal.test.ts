import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { LIMITS } from '../../src/limits.ts'
import { MiB } from '../../src/units.ts'
import { startApi, type TestApi } from '../gateway/api-support.ts'
import { takeApart, talk, type WireAnswer } from './wire.ts'

let api: TestApi

test.before(async () => {
  api = await startApi()
})

test.after(() => api.close())

const BOUNDARY = 'b0undary'
const FOREIGN = 'Origin: http://evil.test\r\n'
const part = (content: string) =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n${content}\r\n--${BOUNDARY}--\r\n`

const head = (path: string, length: number, more = '') =>
  `POST /api/v0/${path} HTTP/1.1\r\nHost: 127.0.0.1:${api.port}\r\nContent-Type: multipart/form-data; boundary=${BOUNDARY}\r\nContent-Length: ${length}\r\n${more}\r\n`

/** A client that writes `bytes` to the last one, and only then reads. */
async function writeFirst(start: string, bytes: number): Promise<{ answer: WireAnswer | undefined; error: string }> {
  const socket = connect(api.port, '127.0.0.1')
  let error = ''
  socket.on('error', reason => {
    error = (reason as NodeJS.ErrnoException).code ?? ''
  })
  socket.pause()
  socket.write(start)
  for (let left = bytes; left > 0 && !socket.destroyed; left -= MiB)
    await new Promise(resolve => socket.write(Buffer.alloc(MiB), resolve))
  const chunks: Buffer[] = []
  socket.on('data', chunk => chunks.push(chunk)).resume()
  if (!socket.destroyed) await once(socket, 'close')
  return { answer: takeApart(Buffer.concat(chunks), true).answers[0], error }
}

test('a refused upload is read for a while, so that its client sees the refusal', async () => {
  for (const [path, more, status] of [
    ['add', FOREIGN, 403],
    ['nothing', '', 404],
    ['add?pin=maybe', '', 400],
    ['add?chunker=none', '', 500],
  ] as const) {
    const { answer, error } = await writeFirst(head(path, 10 * MiB, more), 10 * MiB)
    assert.is(answer?.status, status, path)
    assert.is(answer?.isWhole, true, path)
    assert.is(answer?.headers.get('connection'), 'close', path)
    assert.is(error, '', path)
  }
})

test('but not for ever: whoever goes on sending is cut off', async () => {
  const socket = connect(api.port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(head('add', 1e15, FOREIGN))
  let sent = 0
  const piece = Buffer.alloc(MiB)
  while (!socket.destroyed) {
    await new Promise(resolve => socket.write(piece, resolve))
    sent += piece.byteLength
    assert.ok(sent < 2000 * LIMITS.discardedBytes.value, 'it takes a body that nobody wants without end')
  }
})

test('a body is invited by whoever reads it, and by nobody else', async () => {
  const body = part('hello\n')
  const expect = 'Expect: 100-continue\r\n'
  const taken = await talk(api.port, [head('add', body.length, expect), body], { after: 1 })
  assert.equal(
    taken.answers.map(({ status }) => status),
    [100, 200],
  )
  assert.match(taken.answers[1]?.body.toString() ?? '', 'QmZULkCELmmk5XNfCgTnCyFgAVxBRBXyDHGGMVoLFLiXEN')
  for (const [path, more, status] of [
    ['add', FOREIGN, 403],
    ['nothing', '', 404],
    ['add?pin=maybe', '', 400],
  ] as const) {
    const refused = await talk(api.port, head(path, 1e12, expect + more))
    assert.equal(
      refused.answers.map(answer => answer.status),
      [status],
    )
    assert.ok(refused.isClosed)
  }
})

test('an upload in a coding that is not known is refused, not stored as it came', async () => {
  const stored = api.node.repo.stat().blocks
  const body = part('hello\n')
  const chunks = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
  for (const coding of ['gzip, chunked', 'identity, chunked', 'br']) {
    const start = head('add', 0).replace('Content-Length: 0', `Transfer-Encoding: ${coding}`)
    const { answers, isClosed } = await talk(api.port, start + chunks)
    assert.equal(
      answers.map(({ status }) => status),
      [501],
      coding,
    )
    assert.ok(isClosed)
  }
  assert.is(api.node.repo.stat().blocks, stored)
})

test('what is hidden in the body of an upload is no call', async () => {
  const hidden = `POST /api/v0/shutdown HTTP/1.1\r\nHost: 127.0.0.1:${api.port}\r\n\r\n`
  const length = part('hello\n').length
  const tries: readonly (readonly [string, number])[] = [
    [`${head('add', length, 'Transfer-Encoding: chunked\r\n')}0\r\n\r\n${hidden}`, 400],
    [head('add', length, 'Content-Length: 0\r\n') + hidden, 400],
    [head('add', hidden.length, FOREIGN) + hidden, 403],
    [head('nothing', hidden.length) + hidden, 404],
    [head('nothing', 0, 'Connection: close\r\n') + hidden, 404],
    [head('nothing', 0, 'Connection: Upgrade\r\nUpgrade: h2c\r\n') + hidden, 404],
    [`${head('add', 0).replace('Content-Length: 0', 'Transfer-Encoding : chunked')}0\r\n\r\n${hidden}`, 400],
    [`CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: x\r\n\r\n${hidden}`, 405],
  ]
  let isStopped = false
  void api.stopped.then(() => {
    isStopped = true
  })
  for (const [bytes, status] of tries) {
    const { answers } = await talk(api.port, bytes, { after: 2 })
    assert.equal(
      answers.map(answer => answer.status),
      [status],
      JSON.stringify(bytes.slice(0, 300)),
    )
  }
  assert.is(isStopped, false)
})

test.run()
