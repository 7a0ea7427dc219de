// The doors of the hostile corpus that the DAG code is behind, and what each outcome asks of them.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CID } from 'multiformats/cid'
import type { ContentApi } from '../../src/api/content.ts'
import { blockKey, DAG_PB, parseCid, RAW } from '../../src/block/cid.ts'
import { readCar } from '../../src/dag/car/car-read.ts'
import { exportCar } from '../../src/dag/car/car-write.ts'
import { decodeBlock } from '../../src/dag/codecs.ts'
import { type Extracted, extractTree } from '../../src/dag/export/extract.ts'
import { describeEntry, resolvePath } from '../../src/dag/resolve.ts'
import { listDirectory } from '../../src/dag/unixfs/list.ts'
import { readFile } from '../../src/dag/unixfs/read.ts'
import { walkTree } from '../../src/dag/unixfs/tree.ts'
import { dagStat, walkDag } from '../../src/dag/walk.ts'
import { CairnError, isCairnError } from '../../src/errors.ts'
import type { HostileCase } from '../hostile/corpus.ts'
import { chunked, pathsBelow, signal, wait } from '../support/dags.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'

export interface Imported {
  readonly memory: MemoryBlocks
  readonly roots: readonly CID[]
  readonly error: Error | undefined
}

/** As `importCar` of a node does it: every block hashed before it is taken. */
export async function importHostile(car: Uint8Array): Promise<Imported> {
  const memory = new MemoryBlocks()
  const { roots, blocks } = readCar(chunked(car, 65_536), wait)
  try {
    for await (const { cid, bytes } of blocks) memory.putVerified(cid, bytes)
    return { memory, roots: await roots, error: undefined }
  } catch (error) {
    return { memory, roots: await roots.catch(() => []), error: error as Error }
  }
}

/** What a door said: nothing wrong, or an error of ours. Anything else that is thrown is a failure of the test. */
export type Answer = 'ok' | string

export async function ask(door: string, memory: MemoryBlocks, root: CID): Promise<Answer> {
  const open = DOORS[door]
  if (open === undefined) throw new Error(`no such door: ${door}`)
  try {
    await open(memory, root)
    return 'ok'
  } catch (error) {
    if (isCairnError(error) && error.code !== 'INTERNAL') return error.code
    throw error
  }
}

/** No answer of a test needs more; a reader that pulls may always stop. */
const MOST_BYTES = 1_000_000
const MOST_ENTRIES = 500

async function drain(items: AsyncIterable<unknown>, most = Number.POSITIVE_INFINITY): Promise<void> {
  let count = 0
  for await (const item of items) {
    count += item instanceof Uint8Array ? item.byteLength : 1
    if (count > most) break
  }
}

/** A folder's entries, each of which must be found again by its name, or a file's bytes. */
async function read(memory: MemoryBlocks, root: CID): Promise<void> {
  const entry = await describeEntry(memory, root, wait)
  if (entry.kind !== 'directory') {
    await drain(readFile(memory, root, { reuse: true, signal }), MOST_BYTES)
    return
  }
  let listed = 0
  for await (const { cid } of listDirectory(memory, root, wait)) {
    if (listed++ > MOST_ENTRIES) break
    if (cid.code !== RAW && cid.code !== DAG_PB) continue
    const child = await describeEntry(memory, cid, wait)
    if (child.kind === 'file') await drain(readFile(memory, cid, wait), MOST_BYTES)
  }
}

async function readIfContent(memory: MemoryBlocks, cid: CID, kind: string): Promise<void> {
  if (kind !== 'directory') await drain(readFile(memory, cid, wait), MOST_BYTES)
}

async function document(memory: MemoryBlocks, root: CID): Promise<void> {
  decodeBlock(root, await memory.get(root, wait))
}

const DOORS: Record<string, (memory: MemoryBlocks, root: CID) => Promise<void>> = {
  pin: (memory, root) => drain(walkDag(memory, root, { signal, readLeaves: true })),
  car: (memory, root) => drain(exportCar(memory, { root, segments: [] }, wait)),
  path: read,
  html: document,
  json: document,
  raw: async (memory, root) => {
    await memory.get(root, wait)
  },
  list: (memory, root) => list(memory, root),
  ls: (memory, root) => list(memory, root),
  tar: async (memory, root) => {
    for await (const { cid, kind, path } of walkTree(memory, root, { signal, maxEntries: MOST_ENTRIES })) {
      if (kind === 'file' || path.length === 0) await readIfContent(memory, cid, kind)
    }
  },
  get: async (memory, root) => {
    const { result } = await extract(memory, root)
    // What is left out is told, and makes the command fail.
    if (result.skippedCount > 0) throw new CairnError('PARTIAL', `${result.skipped[0]?.reason}`)
  },
  head: async (memory, root) => {
    await describeEntry(memory, root, wait)
  },
  range: (memory, root) => drain(readFile(memory, root, { offset: 5, length: 5, signal })),
  stat: async (memory, root) => {
    await describeEntry(memory, root, wait)
    await dagStat(memory, root, wait)
  },
  filename: (memory, root) => list(memory, root),
}

async function list(memory: MemoryBlocks, root: CID): Promise<void> {
  const { kind } = await describeEntry(memory, root, wait)
  if (kind !== 'file' && kind !== 'symlink') await drain(listDirectory(memory, root, wait), MOST_ENTRIES)
}

/** A listing and a look-up by path must not disagree. */
export async function findsWhatItLists(memory: MemoryBlocks, root: CID): Promise<string[]> {
  const lost: string[] = []
  const first = new Set<string>()
  for await (const { name, cid } of listDirectory(memory, root, wait)) {
    if (first.has(name) || first.size > 500) continue
    first.add(name)
    const answer = await resolvePath(memory, { root, segments: [name] }, wait).catch(error => error.code as string)
    // Names that are no UTF-8 are shown with a mark in place of what cannot be shown; their path is another.
    if (
      typeof answer === 'string'
        ? answer === 'NO_LINK' && !name.includes('\ufffd')
        : blockKey(answer.cid) !== blockKey(cid)
    )
      lost.push(name)
  }
  return lost
}

export interface Unpacked {
  readonly result: Extracted
  /** Everything that lies in the folder around the target, relative to it. */
  readonly outside: readonly string[]
}

/** Extracts into a folder of its own and looks at what has come to lie beside the target. */
export async function extract(memory: MemoryBlocks, root: CID): Promise<Unpacked> {
  const around = mkdtempSync(join(tmpdir(), 'cairn-hostile-'))
  try {
    const content: Pick<ContentApi, 'tree' | 'read'> = {
      tree: (cid, options) => walkTree(memory, cid, { ...options, maxEntries: MOST_ENTRIES }),
      read: (cid, options) => capped(readFile(memory, cid, options)),
    }
    const result = await extractTree({ content, cid: root, target: join(around, 'a/b/target'), signal })
    const outside = pathsBelow(around).filter(
      name => name !== 'a' && name !== 'a/b' && name !== 'a/b/target' && !name.startsWith('a/b/target/'),
    )
    return { result, outside }
  } finally {
    rmSync(around, { recursive: true, force: true })
  }
}

async function* capped(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const chunk of chunks) {
    yield chunk
    bytes += chunk.byteLength
    if (bytes > MOST_BYTES) return
  }
}

export const rootOf = (hostile: HostileCase, { roots }: Imported): CID | undefined =>
  hostile.root === undefined ? roots[0] : parseCid(hostile.root)
