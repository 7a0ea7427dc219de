import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ContentApi } from '../../src/api/content.ts'
import { parseCid } from '../../src/block/cid.ts'
import { CairnError } from '../../src/errors.ts'
import { type Logger, SILENT } from '../../src/observe/log.ts'
import { parseAnswer, type TestGateway, type TestGatewayOptions, withGateway } from './support.ts'

const KiB = 1024
const CHUNK = 256 * KiB

/** A file of `sizeBytes` whose bytes come from `read`; its root is a real one, so that the path resolves. */
const reading = (sizeBytes: number, read: ContentApi['read']): TestGatewayOptions => ({
  content: {
    resolve: async ({ root }) => ({ cid: root, kind: 'file', sizeBytes, roots: [root], remainder: [] }),
    read,
  },
})

const ANY = 'bafkreidrysan7e6wvyxr56wrir6gnskslyyweggpkh6i3hwyglznv4mlom'
/** The name gives the type, so that nothing is read for it. */
const PATH = `/ipfs/${ANY}/file.bin`

async function dial(gateway: TestGateway, path: string) {
  const socket = connect(gateway.server.port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
  return socket
}

const tick = () => new Promise(resolve => setImmediate(resolve))
const isType = (length: number | undefined) => length !== undefined && length <= 3072

test('a large file comes whole, in many chunks', async () => {
  await withGateway({}, async gateway => {
    const bytes = Buffer.alloc(3 * 1024 * KiB + 5)
    for (let i = 0; i < bytes.length; i += 1000) bytes[i] = i % 251
    const cid = await gateway.add('big.bin', bytes)
    const response = await gateway.get(`/ipfs/${cid}`)
    assert.is(response.headers.get('content-length'), String(bytes.byteLength))
    assert.ok(bytes.equals(Buffer.from(await response.arrayBuffer())))
    assert.is(gateway.memory.borrowed, 0)
  })
})

test('a failure after the first byte cuts the connection', async () => {
  const read: ContentApi['read'] = async function* (_cid, { length }) {
    yield Buffer.alloc(CHUNK)
    if (!isType(length)) throw new CairnError('CORRUPT_BLOCK', 'a block is broken')
  }
  await withGateway(reading(4 * CHUNK, read), async gateway => {
    const answer = await gateway.raw(`GET ${PATH} HTTP/1.1\nHost: x`)
    assert.is(answer.status, 200)
    assert.is(answer.headers.get('content-length'), String(4 * CHUNK))
    assert.is(answer.isWhole, false)
  })
})

test('a failure before the first byte is a clean error', async () => {
  const read: ContentApi['read'] = async function* (_cid, { length }) {
    if (isType(length)) yield Buffer.alloc(10)
    else throw new CairnError('BLOCK_NOT_LOCAL', 'a block is not here')
  }
  await withGateway(reading(4 * CHUNK, read), async gateway => {
    const answer = await gateway.raw(`GET ${PATH} HTTP/1.1\nHost: x`)
    assert.is(answer.status, 404)
    assert.ok(answer.isWhole)
    assert.is(answer.headers.get('cache-control'), 'no-store')
  })
})

test('in a small file a failure anywhere is a clean error', async () => {
  const read: ContentApi['read'] = async function* (_cid, { length }) {
    yield Buffer.alloc(10)
    if (!isType(length)) throw new CairnError('CORRUPT_BLOCK', 'a block is broken')
  }
  await withGateway(reading(20, read), async gateway => {
    assert.is((await gateway.raw(`GET ${PATH} HTTP/1.1\nHost: x`)).status, 500)
  })
})

test('a source with fewer bytes than the file has is never taken for the file', async () => {
  const read: ContentApi['read'] = async function* () {
    yield Buffer.alloc(CHUNK)
  }
  await withGateway(reading(2 * CHUNK, read), async gateway => {
    assert.is((await gateway.raw(`GET ${PATH} HTTP/1.1\nHost: x`)).isWhole, false)
  })
  const short: ContentApi['read'] = async function* () {
    yield Buffer.alloc(5)
  }
  await withGateway(reading(10, short), async gateway => {
    assert.is((await gateway.raw(`GET ${PATH} HTTP/1.1\nHost: x`)).status, 422)
  })
})

test('of a source with more bytes than the file has, no byte goes beyond the length announced', async () => {
  const read: ContentApi['read'] = async function* () {
    for (let i = 0; i < 3; i++) yield Buffer.alloc(CHUNK)
  }
  await withGateway(reading(2 * CHUNK, read), async gateway => {
    assert.is((await gateway.raw(`GET ${PATH} HTTP/1.1\nHost: x`)).body.byteLength, 2 * CHUNK)
  })
})

test('a client that leaves cancels the source and has it closed', async () => {
  const closed = Promise.withResolvers<unknown>()
  const asked = Promise.withResolvers<void>()
  const read: ContentApi['read'] = async function* (_cid, { signal, length }) {
    yield Buffer.alloc(CHUNK)
    if (isType(length)) return
    asked.resolve()
    try {
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    } finally {
      closed.resolve(signal.reason)
    }
  }
  await withGateway(reading(4 * CHUNK, read), async gateway => {
    const socket = await dial(gateway, PATH)
    await asked.promise
    socket.destroy()
    const reason = await closed.promise
    assert.ok(reason instanceof CairnError && reason.code === 'CANCELLED')
  })
})

test('a client that leaves while the source waits for it has the source closed, too', async () => {
  const closed = Promise.withResolvers<void>()
  const read: ContentApi['read'] = async function* () {
    try {
      for (;;) yield Buffer.alloc(CHUNK)
    } finally {
      closed.resolve()
    }
  }
  await withGateway(reading(1e9, read), async gateway => {
    const socket = await dial(gateway, PATH)
    await once(socket, 'data')
    socket.pause()
    await tick()
    socket.destroy()
    await closed.promise
  })
})

test('a client that resets the connection is not taken for a fault of ours', async () => {
  const closed = Promise.withResolvers<void>()
  const read: ContentApi['read'] = async function* () {
    try {
      for (;;) yield Buffer.alloc(CHUNK)
    } finally {
      closed.resolve()
    }
  }
  const told = Promise.withResolvers<string>()
  const log: Logger = {
    ...SILENT,
    error: message => told.resolve(`error: ${message}`),
    debug: (message, fields) => told.resolve(`debug: ${message} ${fields?.code}`),
    part: () => log,
  }
  await withGateway({ ...reading(1e9, read), log }, async gateway => {
    const socket = await dial(gateway, PATH)
    await once(socket, 'data')
    socket.resetAndDestroy()
    await closed.promise
    assert.is(await told.promise, 'debug: request refused CANCELLED')
  })
})

test('a client that reads nothing is not read ahead for', async () => {
  let read = 0
  const source: ContentApi['read'] = async function* () {
    for (;;) {
      read++
      yield Buffer.alloc(CHUNK)
    }
  }
  await withGateway(reading(1e9, source), async gateway => {
    const socket = await dial(gateway, PATH)
    socket.pause()
    let before = -1
    // Until the kernel's buffers are full: no chunk was asked for during a whole wait.
    while (before !== read) {
      before = read
      await new Promise(resolve => setTimeout(resolve, 100))
    }
    assert.ok(read * CHUNK < 32 * 1024 * KiB, `${read} chunks were read for a client that took none`)
    socket.destroy()
  })
})

test('a buffer is only used again once it has left', async () => {
  const buffer = Buffer.alloc(CHUNK)
  const source: ContentApi['read'] = async function* (_cid, { reuse }) {
    for (let i = 0; i < 40; i++) {
      if (reuse === true) yield buffer.fill(i)
      else yield Buffer.alloc(CHUNK, i)
    }
  }
  await withGateway(reading(40 * CHUNK, source), async gateway => {
    const bytes = Buffer.from(await (await gateway.get(PATH)).arrayBuffer())
    for (let i = 0; i < 40; i++) assert.ok(bytes.subarray(i * CHUNK, (i + 1) * CHUNK).equals(Buffer.alloc(CHUNK, i)))
  })
})

test('a network that falls silent in the middle of a file cuts the answer', async () => {
  const read: ContentApi['read'] = async function* (_cid, { signal, length }) {
    yield Buffer.alloc(CHUNK)
    if (isType(length)) return
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  }
  await withGateway({ ...reading(4 * CHUNK, read), retrievalTimeout: '30ms' }, async gateway => {
    const answer = await gateway.raw(`GET ${PATH} HTTP/1.1\nHost: x`)
    assert.is(answer.status, 200)
    assert.is(answer.isWhole, false)
  })
})

test('a CAR over a missing block is cut, or refused before it begins', async () => {
  await withGateway({}, async gateway => {
    const parts = Array.from({ length: 8 }, (_, i) => Buffer.alloc(CHUNK, i))
    const cid = await gateway.add('big.bin', Buffer.concat(parts), { chunker: 'size-262144' })
    const whole = await gateway.raw(`GET /ipfs/${cid}?format=car HTTP/1.1\nHost: x`)
    assert.is(whole.status, 200)
    assert.ok(whole.isWhole)
    const last = await gateway.add('leaf', Buffer.alloc(CHUNK, 7), { chunker: 'size-262144' })
    assert.ok(gateway.memory.delete(last))
    const cut = await gateway.raw(`GET /ipfs/${cid}?format=car HTTP/1.1\nHost: x`)
    assert.is(cut.isWhole, false)
    assert.ok(gateway.memory.delete(parseCid(String(cid))))
    assert.is((await gateway.raw(`GET /ipfs/${cid}?format=car HTTP/1.1\nHost: x`)).status, 404)
  })
})

test('a CAR arrives byte for byte, with blocks of all sizes', async () => {
  await withGateway({}, async gateway => {
    const leaf = (letter: string, length: number) => Buffer.from(letter.repeat(length))
    const files = {
      a: leaf('a', 10),
      b: leaf('b', 70 * KiB),
      c: leaf('c', 300),
      d: leaf('d', 200 * KiB),
      e: leaf('e', 5),
    }
    const cid = await gateway.addTree({ ...files, deep: files })
    const made: Uint8Array[] = []
    const options = { signal: new AbortController().signal, identity: false }
    for await (const chunk of gateway.content.exportCar({ root: cid, segments: [] }, options))
      made.push(Buffer.from(chunk))
    const got = Buffer.from(await (await gateway.get(`/ipfs/${cid}?format=car`)).arrayBuffer())
    assert.ok(got.equals(Buffer.concat(made)))
  })
})

test('a TAR of large files arrives whole', async () => {
  await withGateway({}, async gateway => {
    const cid = await gateway.addTree({ 'a.bin': Buffer.alloc(700 * KiB, 7), 'b.txt': 'b' })
    const answer = Buffer.from(await (await gateway.get(`/ipfs/${cid}?format=tar`)).arrayBuffer())
    assert.is(answer.byteLength % 512, 0)
    assert.is(answer.filter(byte => byte === 7).length, 700 * KiB)
  })
})

test('a kept-alive connection goes on after an error, and ends after a cut', async () => {
  await withGateway({}, async gateway => {
    const cid = await gateway.add('a.txt', 'hello\n')
    const socket = await dial(gateway, '/ipfs/nonsense')
    const [first] = (await once(socket, 'data')) as [Buffer]
    assert.is(parseAnswer(first).status, 400)
    socket.write(`GET /ipfs/${cid} HTTP/1.1\r\nHost: x\r\n\r\n`)
    const [second] = (await once(socket, 'data')) as [Buffer]
    assert.is(parseAnswer(second).body.toString(), 'hello\n')
    socket.destroy()
  })
})

test.run()
