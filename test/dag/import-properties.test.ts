// Random trees against ipfs-unixfs-importer, an implementation that shares nothing with ours; random pieces against whole files.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { importer } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ImportOptions, ImportSource } from '../../src/api/add.ts'
import { importSources } from '../../src/dag/import/import.ts'
import { randomBytes } from '../support/files.ts'
import { CheckingSink } from './checking-sink.ts'
import { neverAborted } from './kubo-flags.ts'

const work = mkdtempSync(join(tmpdir(), 'properties-'))

async function rootOf(source: ImportSource, options: ImportOptions = {}): Promise<string> {
  let root = ''
  for await (const event of importSources(
    [source],
    { hidden: true, ...options, signal: neverAborted },
    new CheckingSink(),
  )) {
    if (event.type === 'failed') throw event.error
    if (event.type === 'done') root = String(event.roots[0])
  }
  return root
}

interface Entry {
  readonly path: string
  readonly content?: Buffer
  readonly link?: string
}

async function witness(
  entries: readonly Entry[],
  profile: 'unixfs-v0-2015' | 'unixfs-v1-2025',
  chunkSize: number,
  width: number,
) {
  const candidates = entries.map(({ path, content, link }) => ({
    path: `root/${path}`,
    ...(content !== undefined && { content }),
    ...(link !== undefined && { link }),
  }))
  const options = {
    profile,
    chunker: fixedSize({ chunkSize }),
    layout: balanced({ maxChildrenPerNode: width }),
  }
  let root = ''
  for await (const result of importer(candidates, { put: async cid => cid }, options)) root = String(result.cid)
  return root
}

let trees = 0

/** Writes what can be written; what would be a file and a folder at once is left out of both. */
function writeTree(wanted: readonly Entry[]): { folder: string; entries: Entry[] } {
  const folder = join(work, `tree${trees++}`)
  const files = new Set<string>()
  const folders = new Set<string>()
  const entries = wanted.filter(({ path }) => {
    const parents = path.split('/').map((_, i, parts) => parts.slice(0, i).join('/'))
    if (files.has(path) || folders.has(path) || parents.some(parent => files.has(parent))) return false
    files.add(path)
    for (const parent of parents) folders.add(parent)
    return true
  })
  for (const { path, content, link } of entries) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    if (link !== undefined) symlinkSync(link, join(folder, path))
    else writeFileSync(join(folder, path), content ?? '')
  }
  return { folder, entries }
}

// No backslash: the importer takes it for an escape of the slash. The golden cases have one.
const anyName = fc
  .string({
    unit: fc.constantFrom('a', 'B', '9', '.', '-', ' ', 'é', 'ž', '字', '～', '\u{1f98a}', '%', '\n'),
    minLength: 1,
    maxLength: 12,
  })
  .filter(name => name !== '.' && name !== '..')
const anyEntry = fc.record({
  path: fc.array(anyName, { minLength: 1, maxLength: 4 }).map(names => names.join('/')),
  size: fc.oneof(fc.nat(20), fc.nat(2000), fc.nat(70_000)),
  seed: fc.nat(),
  isLink: fc.boolean(),
})

test('random trees have the CIDs that ipfs-unixfs-importer gives them', async () => {
  const profiles = fc.constantFrom('unixfs-v0-2015' as const, 'unixfs-v1-2025' as const)
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyEntry, { minLength: 1, maxLength: 30 }),
      profiles,
      fc.integer({ min: 100, max: 5000 }),
      fc.integer({ min: 2, max: 20 }),
      async (wanted, profile, chunkSize, width) => {
        const { folder, entries } = writeTree(
          wanted.map(({ path, size, seed, isLink }) =>
            isLink && size < 200 ? { path, link: `to/${seed}` } : { path, content: randomBytes(seed)(size) },
          ),
        )
        const ours = await rootOf(
          { kind: 'path', path: folder },
          { profile, chunker: `size-${chunkSize}`, maxFileLinks: width },
        )
        assert.is(ours, await witness(entries, profile, chunkSize, width))
        rmSync(folder, { recursive: true })
      },
    ),
    { seed: 20151024, numRuns: 60 },
  )
})

test('a folder of thousands of odd names is sharded as ipfs-unixfs-importer shards it', async () => {
  const names =
    fc.sample(fc.uniqueArray(anyName, { minLength: 3000, maxLength: 3000 }), { seed: 7, numRuns: 1 })[0] ?? []
  const wanted = names.map((name, i) => ({ path: `${name}${'long'.repeat(25)}`, content: Buffer.from(String(i % 50)) }))
  const { folder, entries } = writeTree(wanted)
  for (const profile of ['unixfs-v0-2015', 'unixfs-v1-2025'] as const) {
    const ours = await rootOf({ kind: 'path', path: folder }, { profile, chunker: 'size-1000' })
    assert.is(ours, await witness(entries, profile, 1000, profile === 'unixfs-v0-2015' ? 174 : 1024))
  }
  rmSync(folder, { recursive: true })
})

test('a stream has the CID of the file, however it is cut into pieces', async () => {
  const path = join(work, 'whole')
  const chunkers = fc.constantFrom('size-70000', 'size-333', 'size-262144', 'rabin-1024-4096-16384', 'rabin', 'buzhash')
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.nat(3000), fc.nat(1_500_000)),
      fc.array(fc.integer({ min: 1, max: 300_000 }), { minLength: 1, maxLength: 8 }),
      chunkers,
      fc.boolean(),
      fc.boolean(),
      async (size, pieces, chunker, trickle, rawLeaves) => {
        const bytes = randomBytes(size)(size)
        writeFileSync(path, bytes)
        const shared = Buffer.alloc(300_000)
        async function* content() {
          for (let at = 0, i = 0; at < size; i++) {
            const length = Math.min(pieces[i % pieces.length] ?? 1, size - at)
            // One buffer for all pieces, as a reader that saves memory has it.
            bytes.copy(shared, 0, at, at + length)
            yield shared.subarray(0, length)
            at += length
          }
        }
        const options = { chunker, trickle, rawLeaves }
        const streamed = await rootOf({ kind: 'stream', name: '', content: content() }, options)
        assert.is(streamed, await rootOf({ kind: 'path', path }, options))
      },
    ),
    { seed: 499, numRuns: 80 },
  )
})

test.after(() => rmSync(work, { recursive: true, force: true }))
test.run()
