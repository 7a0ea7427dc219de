import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import type { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { BorrowedBlock, Wait } from '../../src/block/source.ts'
import { CairnError } from '../../src/errors.ts'
import { generateSwarmKey } from '../../src/net/swarm-key.ts'
import { MiB } from '../../src/units.ts'
import { addTree, startGateway, withGateway } from '../gateway/support.ts'
import { cairnOk, startDaemon, temporaryFolder } from '../support/cairn.ts'
import { someBytes } from '../support/dags.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'
import { takeApart, type WireAnswer } from './wire.ts'

const FILE_BYTES = 8 * MiB

/** As a network that is asked for each block, and of which the peer can die. */
class Upstream extends MemoryBlocks {
  /** Blocks that are still given; then the peer is gone. */
  left = Number.POSITIVE_INFINITY

  override async get(cid: CID, options: Wait): Promise<Uint8Array> {
    await new Promise(resolve => setImmediate(resolve))
    if (this.left-- <= 0) throw new CairnError('UNREACHABLE', 'the peer is gone')
    return super.get(cid, options)
  }

  override borrow(cid: CID, options: Wait): Promise<BorrowedBlock> {
    return super.borrow(cid, options)
  }
}

const made = new MemoryBlocks()
const ROOT = await addTree(made, { 'large.bin': someBytes(FILE_BYTES) }, { chunker: 'size-65536' })

function upstream(): { memory: Upstream; root: CID } {
  const memory = new Upstream()
  for (const [key, bytes] of made.blocks) memory.blocks.set(key, bytes)
  return { memory, root: ROOT }
}

/** Each way in which a long answer is sent, with what tells its end. */
const FORMS: readonly (readonly [name: string, target: string, headers?: string])[] = [
  ['file: Content-Length', '/large.bin'],
  ['range: Content-Length', '/large.bin', 'Range: bytes=100-\r\n'],
  ['ranges: Content-Length', '/large.bin', `Range: bytes=0-3000000,4000000-7000000\r\n`],
  ['CAR: chunks', '?format=car'],
  ['TAR: chunks', '?format=tar'],
  ['ZIP: chunks', '/?cairn=zip'],
]
const VERSIONS = ['1.1', '1.0'] as const

const request = (root: CID, target: string, version: string, headers = '') =>
  `GET /ipfs/${root}${target} HTTP/${version}\r\nHost: x\r\n${headers}\r\n`

const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise(resolve => setImmediate(resolve))
}

interface Ending {
  readonly answer: WireAnswer | undefined
  readonly received: number
  /** A clean end, as whoever knows no length takes for the end of the body. */
  readonly isClean: boolean
}

async function readToEnd(socket: Socket): Promise<Ending> {
  const chunks: Buffer[] = []
  let isClean = false
  let isReset = false
  socket.on('data', chunk => chunks.push(chunk))
  socket.on('end', () => {
    isClean = true
  })
  socket.on('error', () => {
    isReset = true
  })
  await new Promise<void>(resolve => socket.on('close', () => resolve()))
  const bytes = Buffer.concat(chunks)
  return {
    answer: takeApart(bytes, isClean && !isReset).answers[0],
    received: bytes.byteLength,
    isClean: isClean && !isReset,
  }
}

test('a client that vanishes in the middle: nothing more is read, every buffer is given back', async () => {
  let vanished = 0
  for (const [name, target, headers] of FORMS)
    for (const how of ['closes', 'resets'] as const) {
      const { memory, root } = upstream()
      await withGateway({ memory }, async gateway => {
        const socket = connect({ port: gateway.server.port, host: '127.0.0.1' })
        socket.on('error', () => {})
        socket.write(request(root, target, '1.1', headers))
        await once(socket, 'data')
        socket.pause()
        const total = memory.blocks.size
        if (how === 'closes') socket.destroy()
        else socket.resetAndDestroy()
        // Until it has been seen: what was asked for then still comes.
        for (let i = 0; memory.borrowed > 0 && i < 10_000; i++) await turns(1)
        assert.is(memory.borrowed, 0, `${name}, ${how}: ${memory.borrowed} buffers`)
        await turns(20)
        const read = memory.reads.length
        await turns(200)
        assert.is(memory.reads.length, read, `${name}, ${how}: it is read on`)
        assert.ok(read < total * 3, name)
        vanished++
      })
    }
  console.log(`\n» vanished: ${vanished} of ${FORMS.length * 2} clients that left in the middle ended their source`)
})

test('a client that asks for 300 files in one go is one reader, and may leave like any other', async () => {
  const { memory, root } = upstream()
  await withGateway({ memory }, async gateway => {
    const socket = connect({ port: gateway.server.port, host: '127.0.0.1' })
    socket.on('error', () => {})
    socket.write(request(root, '/large.bin', '1.1').repeat(300))
    await once(socket, 'data')
    socket.pause()
    for (let i = 0; i < 300; i++) {
      await turns(1)
      assert.ok(memory.borrowed <= 10, `${memory.borrowed} buffers for one connection`)
    }
    socket.destroy()
    for (let i = 0; memory.borrowed > 0 && i < 10_000; i++) await turns(1)
    assert.is(memory.borrowed, 0)
    assert.ok(memory.reads.length < 2 * memory.blocks.size, 'files were begun that nobody waited for')
  })
})

test('an upstream that dies in the middle: the connection breaks, it never ends as if that were all', async () => {
  let cut = 0
  for (const [name, target, headers] of FORMS)
    for (const version of VERSIONS) {
      const { memory, root } = upstream()
      const gateway = await startGateway({ memory })
      memory.left = 40
      const socket = connect({ port: gateway.server.port, host: '127.0.0.1' })
      socket.write(request(root, target, version, headers))
      const { answer, received, isClean } = await readToEnd(socket)
      const told = `${name}, HTTP/${version}: ${answer?.head}, ${received} bytes, ${isClean ? 'clean' : 'broken'}`
      // A reset may take with it what had come.
      assert.ok(answer === undefined || answer.status === 200 || answer.status === 206, told)
      const isUnframed = version === '1.0' && answer?.headers.get('content-length') === undefined
      assert.is(answer?.isWhole ?? false, false, told)
      if (isUnframed) assert.is(isClean, false, told)
      assert.ok(received < FILE_BYTES, told)
      await turns(20)
      assert.is(memory.borrowed, 0, `${name}: ${memory.borrowed} buffers`)
      await gateway.close()
      cut++
    }
  console.log(`\n» upstream: ${cut} of ${FORMS.length * VERSIONS.length} answers broken off where their upstream died`)
})

test('a peer that is killed in the middle of a file: whoever reads it by the gateway is told', async () => {
  const folder = temporaryFolder('peers')
  const key = join(folder, 'swarm.key')
  writeFileSync(key, generateSwarmKey())
  const env = { CAIRN_SWARM_KEY: key, CAIRN_GATEWAY_RETRIEVAL_TIMEOUT: '2s' }
  const [from, to] = [join(folder, 'from'), join(folder, 'to')]
  for (const repo of [from, to]) await cairnOk(['init'], { repo })
  const large = Buffer.from(someBytes(16 * MiB))
  const root = await cairnOk(['add', '-Q', '--cid-version=1', '--chunker=size-262144'], { repo: from, input: large })
  const [holder, gateway] = await Promise.all([
    startDaemon({ repo: from, mode: 'private', env }),
    startDaemon({ repo: to, mode: 'private', env }),
  ])
  const connected = await fetch(`${gateway.api}/api/v0/swarm/connect?arg=${holder.swarm[0]}`, { method: 'POST' })
  assert.ok(connected.ok, await connected.text())
  const { port } = new URL(gateway.gateway)
  const ask = async (version: string): Promise<Ending> => {
    const socket = connect(Number(port), '127.0.0.1')
    socket.write(`GET /ipfs/${root} HTTP/${version}\r\nHost: 127.0.0.1\r\n\r\n`)
    // Bytes have come when the peer dies; the rest of them is read afterwards.
    await once(socket, 'readable')
    if (holder.child.exitCode === null && holder.child.signalCode === null) await holder.kill()
    return readToEnd(socket)
  }
  const first = await ask('1.1')
  assert.is(first.answer?.status, 200)
  assert.is(first.answer?.headers.get('content-length'), String(large.byteLength))
  assert.is(first.answer?.isWhole, false, `${first.received} bytes came`)
  assert.ok(large.subarray(0, first.answer?.body.byteLength).equals(first.answer?.body ?? Buffer.alloc(0)))
  // What had come stays and is given; what had not is an error, in time, and never a shorter file.
  const again = await ask('1.1')
  assert.ok(again.answer?.status === 504 || again.answer?.isWhole === false, again.answer?.head)
  assert.not.match(gateway.log(), /INTERNAL|unhandled/i)
  await gateway.stop()
})

test.run()
