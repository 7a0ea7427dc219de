// Large files by way of hash threads: the same blocks as without, errors of the file told as ever, nothing left running.

import { closeSync, openSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { AddOptions } from '../../src/api/add.ts'
import { sha256 } from '../../src/block/hash.ts'
import type { NewBlock } from '../../src/block/source.ts'
import { HashThreads } from '../../src/dag/import/hash-threads.ts'
import { LeafMaker, leafRoom } from '../../src/dag/import/leaf.ts'
import { importLarge, importSmall } from '../../src/dag/import/local-file.ts'
import { recipeOf } from '../../src/dag/import/recipe.ts'
import { SlabPool } from '../../src/dag/import/slabs.ts'
import { BlockWriter } from '../../src/dag/import/writer.ts'
import { isCairnError } from '../../src/errors.ts'
import { randomBytes } from '../support/files.ts'
import { folder, work } from './faulty.ts'

const SIZE_BYTES = 5 * 1024 * 1024 + 70_001
const content = randomBytes(7)(SIZE_BYTES)

async function started(): Promise<HashThreads> {
  const threads = new HashThreads()
  threads.start()
  for (let i = 0; i < 1000 && !threads.isReady; i++) await sleep(10)
  assert.ok(threads.isReady)
  return threads
}

interface Outcome {
  readonly root: string
  readonly blocks: readonly string[]
  /** Put with the checksum that a thread took. */
  readonly checksums: number
}

interface Run {
  readonly path: string
  readonly options: Partial<AddOptions>
  readonly threads?: HashThreads
  readonly onBlock?: (blocks: number) => void
  readonly signal?: AbortSignal
}

async function imported({
  path,
  options,
  threads,
  onBlock,
  signal = new AbortController().signal,
}: Run): Promise<Outcome> {
  const recipe = recipeOf(options)
  const blocks: string[] = []
  let checksums = 0
  const put = ({ cid, bytes, crc, release }: NewBlock): void => {
    assert.ok(cid.equals(CID.create(cid.version, cid.code, sha256(bytes))))
    if (crc !== undefined) assert.is(crc, crc32(bytes))
    if (crc !== undefined) checksums++
    blocks.push(cid.toString())
    release?.()
    onBlock?.(blocks.length)
  }
  const writer = new BlockWriter({ recipe, sink: { put, wantsCrc: true }, signal })
  const maker = new LeafMaker(writer, new SlabPool(leafRoom(recipe)), threads)
  const file = importSmall(maker, path, true)
  if (!('descriptor' in file)) throw new Error('the file is small')
  const run = importLarge(maker, file, signal)
  for (;;) {
    const next = await run.next()
    if (next.done === true) return { root: next.value.child.cid.toString(), blocks, checksums }
  }
}

function sourceFile(): string {
  const path = `${folder()}/large`
  writeFileSync(path, content)
  return path
}

for (const options of [
  {},
  { chunker: 'size-65536' },
  { chunker: 'size-262144', rawLeaves: false, cidVersion: 0 },
  { chunker: 'size-1048576', rawLeaves: false, trickle: true },
] as const) {
  test(`threads make the same blocks: ${JSON.stringify(options)}`, async () => {
    const path = sourceFile()
    using threads = await started()
    const without = await imported({ path, options })
    const first = await imported({ path, options, threads })
    const again = await imported({ path, options, threads })
    assert.is(without.checksums, 0)
    assert.ok(first.checksums >= 5)
    assert.equal(first.blocks, without.blocks)
    assert.is(first.root, without.root)
    assert.equal(again, first)
  })
}

test('another hash is not theirs', async () => {
  using threads = await started()
  const { checksums } = await imported({ path: sourceFile(), options: {}, threads })
  assert.ok(checksums > 0)
  const options = { hash: 'sha2-512' }
  const signal = new AbortController().signal
  const recipe = recipeOf(options)
  const put = ({ crc, release }: NewBlock): void => {
    assert.is(crc, undefined)
    release?.()
  }
  const writer = new BlockWriter({ recipe, sink: { put, wantsCrc: true }, signal })
  const maker = new LeafMaker(writer, new SlabPool(leafRoom(recipe)), threads)
  const file = importSmall(maker, sourceFile(), true)
  if (!('descriptor' in file)) throw new Error('the file is small')
  for await (const doneBytes of importLarge(maker, file, signal)) assert.ok(doneBytes <= SIZE_BYTES)
})

test('a file that shrinks meanwhile', async () => {
  const path = sourceFile()
  using threads = await started()
  const onBlock = (blocks: number): void => {
    if (blocks === 1) truncateSync(path, 1000)
  }
  try {
    await imported({ path, options: { chunker: 'size-65536' }, threads, onBlock })
    assert.unreachable()
  } catch (error) {
    assert.ok(isCairnError(error, 'SOURCE_CHANGED'))
    assert.match(error.message, /shrank/)
  }
})

test('a cancelled import ends with the reason', async () => {
  using threads = await started()
  const controller = new AbortController()
  const reason = new Error('enough')
  const onBlock = (): void => controller.abort(reason)
  const options = { chunker: 'size-65536' }
  try {
    await imported({ path: sourceFile(), options, threads, onBlock, signal: controller.signal })
    assert.unreachable()
  } catch (error) {
    assert.is(error, reason)
  }
})

const unread = { position: 0, contentStart: 0, contentBytes: 4096, blockStart: 0, blockBytes: 4096 }

test('what the file system refuses comes back with its code', async () => {
  using threads = await started()
  const descriptor = openSync(folder(), 'r')
  try {
    await threads.readAndHash({ descriptor, memory: new ArrayBuffer(4096), blocks: [unread], withCrc: false })
    assert.unreachable()
  } catch (error) {
    assert.is((error as NodeJS.ErrnoException).code, 'EISDIR')
  } finally {
    closeSync(descriptor)
  }
})

test('the end of a file is told by fewer blocks, and no checksum is taken that nobody wants', async () => {
  using threads = await started()
  const path = `${folder()}/short`
  writeFileSync(path, content.subarray(0, 5000))
  const descriptor = openSync(path, 'r')
  const blocks = [unread, { ...unread, position: 4096 }]
  const { hashed } = await threads.readAndHash({ descriptor, memory: new ArrayBuffer(4096), blocks, withCrc: false })
  closeSync(descriptor)
  assert.is(hashed.length, 1)
  assert.is(hashed[0]?.crc, undefined)
  assert.is(Buffer.compare(hashed[0]?.digest ?? Buffer.alloc(0), sha256(content.subarray(0, 4096)).digest), 0)
})

test('work for threads that have ended is refused, not forgotten', async () => {
  const threads = await started()
  const descriptor = openSync(sourceFile(), 'r')
  const request = () => ({ descriptor, memory: new ArrayBuffer(4096), blocks: [unread], withCrc: true })
  const waiting = threads.readAndHash(request()).then(
    () => 'done',
    error => (isCairnError(error, 'INTERNAL') ? 'refused' : 'lost'),
  )
  threads[Symbol.dispose]()
  assert.is.not(await waiting, 'lost')
  assert.not(threads.isReady)
  const after = await threads.readAndHash(request()).catch(error => error)
  assert.ok(isCairnError(after, 'INTERNAL'))
  closeSync(descriptor)
})

test.after(() => rmSync(work, { recursive: true }))
test.run()
