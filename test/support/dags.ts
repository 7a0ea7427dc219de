// Small DAGs for tests of reading: files and folders by ipfs-unixfs-importer as a witness, and blocks written by hand.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import * as dagPb from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import { type ImportCandidate, type ImporterOptions, importBytes, importer } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced, trickle } from 'ipfs-unixfs-importer/layout'
import { CID } from 'multiformats/cid'
import { DAG_CBOR, DAG_PB, RAW } from '../../src/block/cid.ts'
import { sha256 } from '../../src/block/hash.ts'
import { encodeBlock } from '../../src/dag/codecs.ts'
import { asBlockstore, type MemoryBlocks } from './memory-blocks.ts'

export const signal = new AbortController().signal
export const wait = { signal }

/** Bytes that are the same in each run and nowhere periodic. */
export function someBytes(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = seed
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes[at] = state >>> 24
  }
  return bytes
}

export interface Layout {
  readonly version: 0 | 1
  readonly chunk: number
  readonly width: number
  readonly trickle?: boolean
}

export async function putFile(memory: MemoryBlocks, bytes: Uint8Array, layout: Layout): Promise<CID> {
  const options: ImporterOptions = {
    cidVersion: layout.version,
    rawLeaves: layout.version === 1,
    chunker: fixedSize({ chunkSize: layout.chunk }),
    layout:
      layout.trickle === true
        ? trickle({ layerRepeat: 2, maxChildrenPerNode: layout.width })
        : balanced({ maxChildrenPerNode: layout.width }),
  }
  const { cid } = await importBytes(bytes, asBlockstore(memory), options)
  return cid
}

export async function putTree(
  memory: MemoryBlocks,
  entries: ImportCandidate[],
  options: ImporterOptions = {},
): Promise<CID> {
  let root: CID | undefined
  for await (const { cid } of importer(entries, asBlockstore(memory), { wrapWithDirectory: true, ...options }))
    root = cid
  return root as CID
}

export function putRaw(memory: MemoryBlocks, bytes: Uint8Array): CID {
  return put(memory, RAW, bytes)
}

export function putDocument(memory: MemoryBlocks, value: unknown, codec = DAG_CBOR): CID {
  return put(memory, codec, encodeBlock(codec, value))
}

export interface HandLink {
  readonly Name?: string
  readonly Hash: CID
  readonly Tsize?: number
}

/** A UnixFS node as it is told, whatever it says. Links of folders must be sorted by the caller. */
export function putNode(memory: MemoryBlocks, data: UnixFS | Uint8Array, links: readonly HandLink[] = []): CID {
  const bytes = dagPb.encode({ Data: data instanceof UnixFS ? data.marshal() : data, Links: [...links] } as never)
  return put(memory, DAG_PB, bytes)
}

export const folderOf = (memory: MemoryBlocks, links: readonly HandLink[]): CID =>
  putNode(memory, new UnixFS({ type: 'directory' }), links)

function put(memory: MemoryBlocks, codec: number, bytes: Uint8Array): CID {
  const cid = CID.createV1(codec, sha256(bytes))
  memory.put({ cid, bytes, hasLinks: codec !== RAW })
  return cid
}

export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const copies: Buffer[] = []
  for await (const chunk of chunks) copies.push(Buffer.from(chunk))
  return Buffer.concat(copies)
}

export async function* chunked(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size)
}

/** The error that a promise fails with; the test fails if it does not. */
export async function failureOf(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  throw new Error('it was expected to fail and did not')
}

/** Everything below a folder, by path, links not followed (readdir follows them). */
export function pathsBelow(folder: string, prefix = ''): string[] {
  const found: string[] = []
  for (const entry of readdirSync(join(folder, prefix), { withFileTypes: true })) {
    const path = join(prefix, entry.name)
    found.push(path)
    if (entry.isDirectory()) found.push(...pathsBelow(folder, path))
  }
  return found.sort()
}
