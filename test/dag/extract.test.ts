import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UnixFS } from 'ipfs-unixfs'
import type { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ExtractOptions, extractTree } from '../../src/dag/export/extract.ts'
import { readFile } from '../../src/dag/unixfs/read.ts'
import { walkTree } from '../../src/dag/unixfs/tree.ts'
import {
  failureOf,
  folderOf,
  type HandLink,
  pathsBelow,
  putDocument,
  putFile,
  putNode,
  putRaw,
  putTree,
  signal,
  someBytes,
} from '../support/dags.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'

const around: string[] = []
function newPlace(): string {
  const place = mkdtempSync(join(tmpdir(), 'cairn-extract-'))
  around.push(place)
  return place
}
test.after(() => {
  for (const place of around) rmSync(place, { recursive: true, force: true })
})

function extract(memory: MemoryBlocks, cid: CID, target: string, options: Partial<ExtractOptions> = {}) {
  const content = {
    tree: (root: CID, wait: { signal: AbortSignal }) => walkTree(memory, root, wait),
    read: (file: CID, wait: { signal: AbortSignal; reuse?: boolean }) => readFile(memory, file, wait),
  }
  return extractTree({ content, cid, target, signal, ...options })
}

const symlink = (memory: MemoryBlocks, to: string): CID =>
  putNode(memory, new UnixFS({ type: 'symlink', data: Buffer.from(to) }))

test('a tree comes to lie on disk as it is', async () => {
  const memory = new MemoryBlocks()
  const large = someBytes(500_000)
  const root = await putTree(memory, [
    { path: 'a/large', content: large },
    { path: 'a/b/small', content: Buffer.from('small') },
    { path: 'a/b/odd\nname ü', content: Buffer.from('') },
    { path: 'empty' },
  ])
  const target = join(newPlace(), 'new/parents/target')
  const progress: number[] = []
  const result = await extract(memory, root, target, { onProgress: ({ bytes }) => progress.push(bytes) })
  assert.equal(pathsBelow(target), ['a', 'a/b', 'a/b/odd\nname ü', 'a/b/small', 'a/large', 'empty'])
  assert.ok(readFileSync(join(target, 'a/large')).equals(large))
  assert.equal(
    { ...result, target: '' },
    { target: '', files: 3, directories: 4, symlinks: 0, bytes: 500_005, skipped: [], skippedCount: 0 },
  )
  assert.is(progress.at(-1), 500_005)
  assert.is(memory.borrowed, 0)
})

test('a file alone becomes the target itself', async () => {
  const memory = new MemoryBlocks()
  const target = join(newPlace(), 'file')
  await extract(memory, await putFile(memory, someBytes(5000), { version: 0, chunk: 100, width: 5 }), target)
  assert.ok(readFileSync(target).equals(someBytes(5000)))
})

test('modes and times are applied, without special bits, to folders last', async () => {
  const memory = new MemoryBlocks()
  const mtime = { secs: 1_600_000_000n, nsecs: 500_000_000 }
  const file = putNode(memory, new UnixFS({ type: 'file', data: Buffer.from('x'), mode: 0o4751, mtime }))
  const inner = putNode(memory, new UnixFS({ type: 'directory', mode: 0o555, mtime }), [{ Name: 'file', Hash: file }])
  const link = putNode(memory, new UnixFS({ type: 'symlink', data: Buffer.from('inner'), mtime }))
  const root = folderOf(memory, [
    { Name: 'inner', Hash: inner },
    { Name: 'link', Hash: link },
  ])
  const target = join(newPlace(), 'target')
  await extract(memory, root, target)
  const stat = (name: string) => lstatSync(join(target, name))
  assert.is(stat('inner/file').mode & 0o7777, 0o751)
  assert.is(stat('inner').mode & 0o7777, 0o555)
  for (const name of ['inner', 'inner/file', 'link']) assert.is(stat(name).mtimeMs, 1_600_000_000_500, name)
  chmodSync(join(target, 'inner'), 0o755)
})

test('symlinks stay inside, or are skipped and told', async () => {
  const memory = new MemoryBlocks()
  const good = ['file', './file', '../file', '../inner/link', '..', '.', 'dangling', 'a\\b']
  const bad = [
    '',
    '/',
    '/etc/passwd',
    '../..',
    '../../x',
    'name/..',
    'name/../../..',
    '../name/..',
    'a\0b',
    'x'.repeat(5000),
  ]
  const links: HandLink[] = [...good, ...bad].map((to, index) => ({
    Name: `${index + 100}`,
    Hash: symlink(memory, to),
  }))
  const root = folderOf(memory, [{ Name: 'inner', Hash: folderOf(memory, links) }])
  const target = join(newPlace(), 'target')
  const { symlinks, skippedCount, skipped } = await extract(memory, root, target)
  assert.is(symlinks, good.length)
  assert.is(skippedCount, bad.length)
  assert.match(skipped[1]?.reason ?? '', /absolute/)
  const made = pathsBelow(join(target, 'inner')).map(name => readlinkSync(join(target, 'inner', name)))
  assert.equal(made, good)
})

test('nothing is written through a link, over anything, or outside', async () => {
  const memory = new MemoryBlocks()
  const file = putRaw(memory, Buffer.from('evil'))
  const folder = folderOf(memory, [{ Name: 'pwned', Hash: file }])
  const place = newPlace()
  mkdirSync(join(place, 'victim'))
  const root = folderOf(memory, [
    { Name: '', Hash: file },
    { Name: '.', Hash: folder },
    { Name: '..', Hash: folder },
    { Name: '../victim/pwned', Hash: file },
    { Name: '/tmp/pwned', Hash: file },
    { Name: 'a', Hash: symlink(memory, '.') },
    { Name: 'a', Hash: folder },
    { Name: 'a/pwned', Hash: file },
    { Name: 'b', Hash: symlink(memory, 'a') },
    { Name: 'b', Hash: file },
    { Name: 'c', Hash: file },
    { Name: 'c', Hash: folder },
    { Name: 'd\0', Hash: folder },
    { Name: 'x'.repeat(256), Hash: folder },
    { Name: 'z', Hash: file },
  ])
  const result = await extract(memory, root, join(place, 'target'))
  assert.equal(pathsBelow(place), ['target', 'target/a', 'target/b', 'target/c', 'target/z', 'victim'])
  assert.is(result.skippedCount, 11)
  assert.equal(
    result.skipped.map(({ path }) => path),
    ['', '.', '..', '../victim/pwned', '/tmp/pwned', 'a', 'a/pwned', 'b', 'c', 'd\\x00', 'x'.repeat(256)],
  )
})

test('the target itself: an empty folder will do, anything else is left alone', async () => {
  const memory = new MemoryBlocks()
  const root = folderOf(memory, [{ Name: 'a', Hash: putRaw(memory, Buffer.from('a')) }])
  const file = putRaw(memory, Buffer.from('content'))
  const place = newPlace()
  const at = (name: string) => join(place, name)
  mkdirSync(at('empty'))
  mkdirSync(at('full'))
  writeFileSync(at('full/mine'), 'mine')
  writeFileSync(at('file'), 'mine')
  symlinkSync('empty', at('link'))
  symlinkSync('nowhere', at('dangling'))
  await extract(memory, root, at('empty'))
  assert.equal(pathsBelow(at('empty')), ['a'])
  for (const name of ['full', 'file', 'link', 'dangling', 'empty']) {
    assert.is((await failureOf(extract(memory, root, at(name)))).code, 'USAGE', name)
    assert.is((await failureOf(extract(memory, file, at(name)))).code, 'USAGE', name)
  }
  assert.is(readFileSync(at('file'), 'utf8'), 'mine')
  assert.not(existsSync(at('nowhere')))
  rmSync(at('empty'), { recursive: true })
  mkdirSync(at('empty'))
  assert.is((await failureOf(extract(memory, file, at('empty')))).code, 'USAGE', 'a file does not go over a folder')
})

test('a failed read takes its file away and ends the extraction', async () => {
  const memory = new MemoryBlocks()
  const whole = putRaw(memory, Buffer.from('whole'))
  const cut = await putFile(memory, someBytes(5000), { version: 1, chunk: 1000, width: 174 })
  memory.delete(putRaw(memory, someBytes(5000).subarray(3000, 4000)))
  const root = folderOf(memory, [
    { Name: 'a', Hash: whole },
    { Name: 'b', Hash: cut },
    { Name: 'c', Hash: whole },
  ])
  const target = join(newPlace(), 'target')
  assert.is((await failureOf(extract(memory, root, target))).code, 'BLOCK_NOT_LOCAL')
  assert.equal(pathsBelow(target), ['a'])
  assert.is(memory.borrowed, 0)
})

test('an abort ends it; what is no file, folder or symlink is told', async () => {
  const memory = new MemoryBlocks()
  const root = folderOf(memory, [{ Name: 'doc', Hash: putDocument(memory, { a: 1 }) }])
  const place = newPlace()
  const failure = await failureOf(extract(memory, root, join(place, 'aborted'), { signal: AbortSignal.abort() }))
  assert.is(failure.name, 'AbortError')
  const result = await extract(memory, root, join(place, 'told'))
  assert.equal(result.skipped, [{ path: 'doc', reason: 'it is neither file, folder nor symlink' }])
  const link = await extract(memory, symlink(memory, 'x'), join(place, 'link'))
  assert.is(link.skippedCount, 1)
  assert.not(existsSync(join(place, 'link')))
})

test.run()
