// What an import tells and takes, beside the CIDs it gives: events and their order, names, options, what is left out.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ImportSource } from '../../src/api/add.ts'
import type { BlockSink } from '../../src/block/source.ts'
import { randomBytes } from '../support/files.ts'
import { added, collect, names, type Options, refused, roots } from './import-run.ts'

const work = mkdtempSync(join(tmpdir(), 'import-'))
const MiB = 1024 * 1024

const at = (...path: string[]): string => join(work, ...path)
const source = (...path: string[]): ImportSource => ({ kind: 'path', path: at(...path) })
const stream = (name: string, ...pieces: string[]): ImportSource => ({
  kind: 'stream',
  name,
  content: (async function* () {
    for (const piece of pieces) yield Buffer.from(piece)
  })(),
})

function file(path: string, content: string | Uint8Array): void {
  mkdirSync(join(at(path), '..'), { recursive: true })
  writeFileSync(at(path), content)
}

file('mixed/readme.md', 'read')
file('mixed/data/big.bin', randomBytes(1)(3000))
file('mixed/data/empty.bin', '')
file('mixed/docs/a/b/c/d.txt', 'deep')
mkdirSync(at('mixed/docs/void'))
symlinkSync('../readme.md', at('mixed/docs/up'))
file('large/large', randomBytes(2)(3 * MiB + 5))
file('large/small', 'small')

test('files are told as they are done, folders after them, the root last', async () => {
  assert.equal(names(await collect([source('mixed')])), [
    'mixed/data/big.bin',
    'mixed/data/empty.bin',
    'mixed/docs/a/b/c/d.txt',
    'mixed/docs/up',
    'mixed/readme.md',
    'mixed/data',
    'mixed/docs/a/b/c',
    'mixed/docs/a/b',
    'mixed/docs/a',
    'mixed/docs/void',
    'mixed/docs',
    'mixed',
  ])
})

test('several inputs are read in order of their names; roots come in the order given', async () => {
  const events = await collect([source('mixed/readme.md'), source('mixed/docs/a'), source('mixed/data/big.bin')])
  assert.equal(names(events), ['a/b/c/d.txt', 'a/b/c', 'a/b', 'a', 'big.bin', 'readme.md'])
  const cids = new Map(added(events).map(event => [event.name, String(event.cid)]))
  assert.equal(roots(events), [cids.get('readme.md'), cids.get('a'), cids.get('big.bin')])
})

test('wrapped inputs lie in one unnamed folder', async () => {
  const events = await collect([source('mixed/readme.md'), source('mixed/data'), stream('in.txt', 'from', ' a pipe')], {
    wrapWithDirectory: true,
  })
  assert.equal(names(events), ['data/big.bin', 'data/empty.bin', 'in.txt', 'readme.md', 'data', ''])
  assert.equal(roots(events), [String(added(events).at(-1)?.cid)])
})

test('streams keep the order they come in, and the wrapping folder is sorted all the same', async () => {
  const inputs = ['b', 'c', 'a']
  const events = await collect(
    inputs.map(name => stream(name, name)),
    { wrapWithDirectory: true },
  )
  assert.equal(names(events), ['b', 'c', 'a', ''])
  const sorted = await collect(
    inputs.toSorted().map(name => stream(name, name)),
    { wrapWithDirectory: true },
  )
  assert.equal(roots(events), roots(sorted))
})

test('a stream without a name goes by its CID', async () => {
  const [event] = added(await collect([stream('', 'hello')]))
  assert.is(event?.name, String(event?.cid))
  const wrapped = await collect([stream('', 'hello')], { wrapWithDirectory: true })
  assert.equal(names(wrapped), [String(event?.cid), ''])
})

test('names that cannot lie in one folder are refused', async () => {
  const wrap = { wrapWithDirectory: true }
  file('other/readme.md', 'other')
  await refused('USAGE', collect([source('mixed/readme.md'), source('other/readme.md')], wrap))
  await refused('USAGE', collect([stream('a', '1'), stream('a', '2')], wrap))
  for (const name of ['a/b', '.', '..']) await refused('USAGE', collect([stream(name, 'x')], wrap))
  const twice = await collect([source('mixed/readme.md'), source('mixed/readme.md')], wrap)
  assert.equal(names(twice), ['readme.md', ''])
})

test('options that make no sense are refused before anything is read', async () => {
  const nothing: BlockSink = { put: () => assert.unreachable('a block was put') }
  const wrong: Options[] = [
    { profile: 'unixfs-v9' as 'unixfs-v1-2025' },
    { maxFileLinks: 1 },
    { maxDirectoryLinks: -1 },
    { maxHamtFanout: Number.NaN },
    { chunker: 'rabin-47' },
    { chunker: 'rabin-1-2' },
    { chunker: 'rabin-100-50-200' },
    { chunker: 'rabin-100-200-3000000' },
    { chunker: 'size--5' },
    { chunker: 'size-1e3' },
    { inline: true, inlineLimit: Number.NaN },
    { mode: -1 },
    { mode: 0.5 },
    { mtime: 1.5 },
    { mtime: 1, mtimeNsecs: -1 },
  ]
  for (const options of wrong) await refused('USAGE', collect([source('mixed')], options, nothing))
  await refused('USAGE', collect([], {}, nothing))
  await refused('NOT_FOUND', collect([source('mixed'), source('nowhere')], {}, nothing))
})

test('progress is cumulative and ends with the size; small files have none', async () => {
  const events = await collect([source('large')], { chunker: 'size-262144' })
  const progress = events.filter(event => event.type === 'progress')
  assert.ok(progress.every(event => event.name === 'large/large'))
  assert.ok(progress.length > 5)
  assert.ok(progress.every((event, i) => event.bytes > (progress[i - 1]?.bytes ?? 0)))
  assert.is(progress.at(-1)?.bytes, 3 * MiB + 5)
})

test('metadata are told when they are stored, and only then', async () => {
  const kept = { rawLeaves: false, mode: 0o640, mtime: 1700000000, mtimeNsecs: 5 }
  const [event] = added(await collect([source('mixed/readme.md')], kept))
  assert.is(event?.mode, 0o640)
  assert.equal(event?.mtime, { secs: 1700000000n, nsecs: 5 })
  const [plain] = added(await collect([source('mixed/readme.md')]))
  assert.is(plain?.mode, undefined)
  assert.is(plain?.mtime, undefined)
})

test('symlinks are kept unless they are to be followed', async () => {
  symlinkSync('mixed', at('to-mixed'))
  assert.equal(names(await collect([source('to-mixed')])), ['to-mixed'])
  const followed = await collect([source('to-mixed')], { dereferenceArgs: true })
  assert.is(names(followed).at(-1), 'mixed')
  assert.equal(roots(followed), roots(await collect([source('mixed')])))
})

test('a folder that must not be read is left out, and named', async () => {
  file('home/notes', 'mine')
  file('home/repo/block', 'ours')
  symlinkSync('repo', at('home/way-round'))
  const exclude = [at('home/repo')]
  for (const dereferenceSymlinks of [false, true]) {
    const events = await collect([source('home')], { exclude, dereferenceSymlinks })
    const failed = events.filter(event => event.type === 'failed').map(event => event.name)
    assert.equal(failed, dereferenceSymlinks ? ['home/repo', 'home/way-round'] : ['home/repo'])
    assert.ok(names(events).includes('home/notes'))
  }
  await refused('FORBIDDEN', collect([source('home/repo')], { exclude }))
  await refused('FORBIDDEN', collect([source('home/repo/block')], { exclude }))
})

test('ignore rules come from a file and from the options', async () => {
  file('rules', '# a comment\n*.log\r\n!keep.log\n')
  for (const name of ['a.log', 'keep.log', 'b.txt', 'c.bin']) file(`filtered/${name}`, name)
  const options = { ignoreRulesPath: at('rules'), ignore: ['c.*', '[broken'] }
  assert.equal(names(await collect([source('filtered')], options)), ['filtered/b.txt', 'filtered/keep.log', 'filtered'])
  await refused('NOT_FOUND', collect([source('filtered')], { ignoreRulesPath: at('no-rules') }))
})

test.after(() => rmSync(work, { recursive: true, force: true }))
test.run()
