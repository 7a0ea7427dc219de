import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type BodyPart, boundaryOf, readParts } from '../../gateway/rpc/multipart.ts'

const BODY = [
  '--xyz\r\nContent-Disposition: form-data; name="file?mode=0644&mtime=-5"; filename="dir%2Fa+b.txt"\r\n\r\none\r\n--xy\r\n',
  '--xyz\r\nContent-Disposition: attachment; filename="dir"\r\nContent-Type: application/x-directory\r\n\r\n\r\n',
  '--xyz\r\nContent-Disposition: form-data; name="x"; filename="..%2F..%2Fup"\r\nContent-Type: application/symlink\r\n\r\ntarget\r\n',
  '--xyz\r\nContent-Type: text/plain\r\n\r\n\r\n\r\n',
  '--xyz--\r\nepilogue',
].join('')

async function* cut(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text, 'latin1')
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function read(content: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = []
  for await (const piece of content) pieces.push(piece)
  return Buffer.concat(pieces).toString('latin1')
}

async function collect(parts: AsyncIterable<BodyPart>): Promise<unknown[]> {
  const all: unknown[] = []
  for await (const { kind, path, metadata, content } of parts) {
    all.push({ kind, path: path.join('/'), metadata: String(metadata), content: await read(content) })
  }
  return all
}

test('parts are the same however the body is cut into chunks', async () => {
  for (let size = 1; size <= BODY.length; size++) {
    assert.equal(
      await collect(readParts(cut(BODY, size), 'xyz')),
      [
        { kind: 'file', path: 'dir/a b.txt', metadata: 'mode=0644&mtime=-5', content: 'one\r\n--xy' },
        { kind: 'directory', path: 'dir', metadata: '', content: '' },
        { kind: 'symlink', path: 'up', metadata: '', content: 'target' },
        { kind: 'file', path: '', metadata: '', content: '\r\n' },
      ],
      `chunks of ${size} bytes`,
    )
  }
})

test('a part that nobody reads, or reads in part, is skipped', async () => {
  const long = `--b\r\nContent-Disposition: form-data; filename="1"\r\n\r\n${'x'.repeat(5000)}\r\n--b\r\nContent-Disposition: form-data; filename="2"\r\n\r\nend\r\n--b--`
  for (const take of [0, 1]) {
    const seen: string[] = []
    for await (const part of readParts(cut(long, 100), 'b')) {
      seen.push(part.path.join('/'))
      if (take > 0) for await (const _ of part.content) break
    }
    assert.equal(seen, ['1', '2'])
  }
})

test('large content passes through without being gathered', async () => {
  const chunk = Buffer.alloc(64 * 1024, 'a')
  let sent = 0
  async function* body(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('--b\r\nContent-Disposition: form-data; filename="big"\r\n\r\n')
    for (; sent < 512; sent++) yield chunk
    yield Buffer.from('\r\n--b--\r\n')
  }
  let bytes = 0
  let furthestAhead = 0
  for await (const { content } of readParts(body(), 'b')) {
    for await (const piece of content) {
      bytes += piece.byteLength
      furthestAhead = Math.max(furthestAhead, sent * chunk.length - bytes)
    }
  }
  assert.is(bytes, 512 * chunk.length)
  assert.ok(furthestAhead <= 2 * chunk.length, `${furthestAhead} bytes were read ahead`)
})

test('a body that ends early fails in the part it ends in', async () => {
  for (const end of [20, BODY.indexOf('one') + 1, BODY.lastIndexOf('--xyz--')]) {
    let message = ''
    await collect(readParts(cut(BODY.slice(0, end), 7), 'xyz')).catch(error => {
      message = error.message
    })
    assert.is(message, 'multipart: NextPart: EOF', `cut at ${end}`)
  }
})

test('headers without end are refused', async () => {
  const body = `--b\r\n${'X-Y: z\r\n'.repeat(10_000)}`
  const lines = await collect(readParts(cut(body, 1000), 'b')).catch(error => error.code)
  assert.is(lines, 'LIMIT')
  const line = await collect(readParts(cut(`--b\r\nX: ${'y'.repeat(100_000)}`, 1000), 'b')).catch(
    error => error.message,
  )
  assert.is(line, 'multipart: a header line is too long')
})

test('only multipart bodies have a boundary, and they must', () => {
  assert.is(boundaryOf({ 'content-type': 'multipart/form-data; boundary="a b"' }), 'a b')
  assert.is(boundaryOf({ 'content-type': 'Multipart/Mixed; Boundary=x' }), 'x')
  assert.is(boundaryOf({ 'content-type': '' }), undefined)
  assert.is(boundaryOf({ 'content-type': 'application/octet-stream' }), undefined)
  assert.throws(
    () => boundaryOf({ 'content-type': 'multipart/form-data' }),
    /no multipart boundary param in Content-Type/,
  )
})

test.run()
