// Random and mutated blocks through every reader: only errors of ours come out, and the process goes on.

import fc from 'fast-check'
import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { blockKey, DAG_CBOR, DAG_JSON, DAG_PB } from '../../src/block/cid.ts'
import { sha256 } from '../../src/block/hash.ts'
import { hasLinks, scanLinks } from '../../src/block/links.ts'
import { readCar } from '../../src/dag/car/car-read.ts'
import { exportCar } from '../../src/dag/car/car-write.ts'
import { decodeBlock } from '../../src/dag/codecs.ts'
import { formatContentPath, parseContentPath } from '../../src/dag/path.ts'
import { describeEntry, resolvePath } from '../../src/dag/resolve.ts'
import { listDirectory } from '../../src/dag/unixfs/list.ts'
import { readFile } from '../../src/dag/unixfs/read.ts'
import { walkDag } from '../../src/dag/walk.ts'
import { isCairnError } from '../../src/errors.ts'
import {
  chunked,
  collect,
  folderOf,
  putDocument,
  putFile,
  putNode,
  putRaw,
  putTree,
  signal,
  someBytes,
  wait,
} from '../support/dags.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'

const RUNS = 400

/** Ours, or no error: anything else is a hole. */
async function isSafe(run: () => unknown): Promise<void> {
  try {
    await run()
  } catch (error) {
    if (!isCairnError(error) || error.code === 'INTERNAL') throw error
  }
}

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  let count = 0
  for await (const _ of items) if (++count > 500) break
}

async function throughEveryReader(memory: MemoryBlocks, cid: CID): Promise<void> {
  await isSafe(() => describeEntry(memory, cid, wait))
  await isSafe(() => resolvePath(memory, { root: cid, segments: ['a', '0'] }, wait))
  await isSafe(() => drain(listDirectory(memory, cid, wait)))
  await isSafe(() => drain(readFile(memory, cid, { offset: 3, reuse: true, signal })))
  await isSafe(() => drain(walkDag(memory, cid, { signal, readLeaves: true })))
  await isSafe(() => drain(exportCar(memory, { root: cid, segments: [] }, { signal, scope: 'entity' })))
  await isSafe(() => decodeBlock(cid, memory.blocks.get(blockKey(cid)) as Uint8Array))
  await new Promise(resolve => setImmediate(resolve))
  assert.is(memory.borrowed, 0)
}

const codecs = fc.constantFrom(DAG_PB, DAG_CBOR, DAG_JSON)

test('random bytes as a block of any codec', async () => {
  const property = fc.asyncProperty(codecs, fc.uint8Array({ maxLength: 200 }), async (codec, bytes) => {
    const memory = new MemoryBlocks()
    const cid = CID.createV1(codec, sha256(bytes))
    memory.put({ cid, bytes, hasLinks: false })
    await isSafe(() => scanLinks(codec, bytes))
    hasLinks(codec, bytes)
    await throughEveryReader(memory, cid)
  })
  await fc.assert(property, { numRuns: RUNS, seed: 1 })
})

interface Mutation {
  readonly at: number
  readonly byte: number
  readonly how: 'set' | 'insert' | 'cut'
}

function mutate(bytes: Uint8Array, { at, byte, how }: Mutation): Uint8Array {
  const place = at % (bytes.byteLength + 1)
  if (how === 'cut') return bytes.slice(0, place)
  const tail = bytes.subarray(how === 'set' ? Math.min(place + 1, bytes.byteLength) : place)
  return new Uint8Array(Buffer.concat([bytes.subarray(0, place), Buffer.from([byte]), tail]))
}

const mutation = fc.record<Mutation>({
  at: fc.nat(100_000),
  byte: fc.oneof(fc.nat(255), fc.constantFrom(0, 0x7f, 0x80, 0xff)),
  how: fc.constantFrom('set', 'set', 'insert', 'cut'),
})

async function sample(): Promise<{ memory: MemoryBlocks; roots: CID[] }> {
  const memory = new MemoryBlocks()
  const file = await putFile(memory, someBytes(900), { version: 0, chunk: 64, width: 3 })
  const names = Array.from({ length: 60 }, (_, index) => ({ path: `${index}`, content: Buffer.from(`${index}`) }))
  const shard = await putTree(memory, names, { shardSplitThresholdBytes: 0, cidVersion: 1 })
  const folder = folderOf(memory, [
    { Name: 'a', Hash: file },
    { Name: 'b', Hash: putNode(memory, new UnixFS({ type: 'symlink', data: Buffer.from('a') })) },
  ])
  const document = putDocument(memory, { a: [{ to: folder }, file], text: 'x', n: -1.5, big: 2n ** 63n })
  const json = putDocument(memory, { a: [{ to: folder }, file], bytes: putRaw(memory, Buffer.from('x')) }, DAG_JSON)
  return { memory, roots: [file, shard, folder, document, json] }
}

test('sound blocks, changed in up to three places', async () => {
  const { memory, roots } = await sample()
  const property = fc.asyncProperty(
    fc.constantFrom(...roots),
    fc.array(mutation, { minLength: 1, maxLength: 3 }),
    async (root, mutations) => {
      const key = blockKey(root)
      const sound = memory.blocks.get(key) as Uint8Array
      memory.blocks.set(key, mutations.reduce(mutate, sound))
      try {
        await throughEveryReader(memory, root)
      } finally {
        memory.blocks.set(key, sound)
      }
    },
  )
  await fc.assert(property, { numRuns: RUNS, seed: 2 })
})

test('sound CARs, changed in up to three places', async () => {
  const { memory, roots } = await sample()
  const cars = await Promise.all(roots.map(root => collect(exportCar(memory, { root, segments: [] }, wait))))
  const property = fc.asyncProperty(
    fc.constantFrom(...cars),
    fc.array(mutation, { minLength: 1, maxLength: 3 }),
    fc.integer({ min: 1, max: 5000 }),
    async (car, mutations, chunkBytes) => {
      await isSafe(async () => {
        for await (const { cid, bytes } of readCar(chunked(mutations.reduce(mutate, car), chunkBytes), wait).blocks) {
          scanLinks(cid.code, bytes)
        }
      })
    },
  )
  await fc.assert(property, { numRuns: RUNS, seed: 3 })
})

test('any text as a path', async () => {
  const pieces = fc.constantFrom(
    '/',
    '..',
    '.',
    'ipfs',
    'ipfs://',
    '%2e',
    '%',
    '%ff',
    '\0',
    'Qm',
    'bafkqaaa',
    '?',
    '#',
    'a',
  )
  const property = fc.asyncProperty(
    fc.array(fc.oneof(pieces, fc.string({ maxLength: 5 })), { maxLength: 12 }),
    async parts => {
      await isSafe(() => {
        const path = parseContentPath(parts.join(''))
        assert.ok(path.segments.every(segment => segment !== '' && segment !== '.' && segment !== '..'))
        formatContentPath(path)
      })
    },
  )
  await fc.assert(property, { numRuns: 2000, seed: 4 })
})

test.run()
