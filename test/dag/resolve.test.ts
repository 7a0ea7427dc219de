import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { identity } from 'multiformats/hashes/identity'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { CBOR, DAG_CBOR, DAG_JSON, JSON_CODEC, RAW } from '../../src/block/cid.ts'
import { sha256 } from '../../src/block/hash.ts'
import { describeEntry, resolvePath } from '../../src/dag/resolve.ts'
import { failureOf, folderOf, putDocument, putFile, putNode, putRaw, someBytes, wait } from '../support/dags.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'

function sample() {
  const memory = new MemoryBlocks()
  const file = putRaw(memory, Buffer.from('content'))
  const inner = folderOf(memory, [
    { Name: '', Hash: file },
    { Name: 'file', Hash: file },
    { Name: 'file', Hash: putRaw(memory, Buffer.from('second of the same name')) },
    { Name: 'link', Hash: putNode(memory, new UnixFS({ type: 'symlink', data: Buffer.from('file') })) },
  ])
  const document = putDocument(memory, { list: [{ to: inner }, inner], deep: { text: 'x', 'a/b': 1 }, '': 7, n: null })
  const root = folderOf(memory, [
    { Name: 'dir', Hash: inner },
    { Name: 'doc', Hash: document },
  ])
  return { memory, file, inner, document, root }
}

test('a path through folders and documents, and what lies at its end', async () => {
  const { memory, file, inner, document, root } = sample()
  const resolve = (...segments: string[]) => resolvePath(memory, { root, segments }, wait)
  const found = await resolve('dir', 'file')
  assert.is(found.kind, 'file')
  assert.is(found.sizeBytes, 7)
  assert.equal(found.roots.map(String), [root, inner, file].map(String))
  assert.equal(found.remainder, [])
  const mixed = await resolve('doc', 'list', '0', 'to', 'file')
  assert.equal(mixed.roots.map(String), [root, document, document, document, inner, file].map(String))
  assert.is((await resolve('doc', 'list', '1')).cid.toString(), inner.toString())
  const inside = await resolve('doc', 'deep', 'text')
  assert.is(inside.cid.toString(), document.toString())
  assert.is(inside.kind, 'other')
  assert.equal(inside.remainder, ['deep', 'text'])
  assert.equal((await resolve('doc', 'n')).remainder, ['n'])
  assert.equal((await resolve('doc', 'deep', 'a/b')).remainder, ['deep', 'a/b'])
  assert.equal((await resolve()).roots.map(String), [root.toString()])
})

test('the first step that is missing is named', async () => {
  const { memory, file, inner, document, root } = sample()
  const cases: readonly [string[], string, CID][] = [
    [['nope', 'file'], 'nope', root],
    [['dir', 'nope'], 'nope', inner],
    [['dir', 'file', 'below'], 'below', file],
    [['doc', 'list', '2'], '2', document],
    [['doc', 'list', '01'], '01', document],
    [['doc', 'deep', 'constructor'], 'constructor', document],
    [['doc', 'deep', 'text', '0'], '0', document],
    [['doc', 'list', 'length'], 'length', document],
    [['\u001b[2J'], '\\x1b[2J', root],
  ]
  for (const [segments, name, under] of cases) {
    const failure = await failureOf(resolvePath(memory, { root, segments }, wait))
    assert.is(failure.code, 'NO_LINK')
    assert.is(failure.message, `no link named "${name}" under ${under}`)
  }
  const throughLink = await failureOf(resolvePath(memory, { root, segments: ['dir', 'link', 'x'] }, wait))
  assert.is(throughLink.code, 'NO_LINK', 'symlinks on the way are not followed')
})

test('documents of every codec', async () => {
  for (const codec of [DAG_CBOR, DAG_JSON, CBOR, JSON_CODEC]) {
    const memory = new MemoryBlocks()
    const root = putDocument(memory, { a: [{ b: 1 }] }, codec)
    assert.equal((await resolvePath(memory, { root, segments: ['a', '0', 'b'] }, wait)).remainder, ['a', '0', 'b'])
    assert.is((await failureOf(resolvePath(memory, { root, segments: ['a', '1'] }, wait))).code, 'NO_LINK')
  }
})

test('entries by CID: kind, size, mode, time, target', async () => {
  const { memory, file, inner, document } = sample()
  const describe = async (cid: CID) => {
    const { cid: _, ...entry } = await describeEntry(memory, cid, wait)
    return entry
  }
  assert.equal(await describe(file), { kind: 'file', sizeBytes: 7 })
  assert.is((await describe(inner)).kind, 'directory')
  assert.is((await describe(document)).kind, 'other')
  const large = await putFile(memory, someBytes(5000), { version: 0, chunk: 64, width: 4 })
  assert.equal(await describe(large), { kind: 'file', sizeBytes: 5000 })
  const link = new UnixFS({ type: 'symlink', data: Buffer.from('../ü'), mode: 0o777, mtime: { secs: 5n, nsecs: 7 } })
  assert.equal(await describe(putNode(memory, link)), {
    kind: 'symlink',
    sizeBytes: 5,
    target: '../ü',
    mode: 0o777,
    mtime: { secs: 5n, nsecs: 7 },
  })
  const inline = CID.createV1(RAW, await identity.digest(Buffer.from('inline')))
  assert.equal(await describe(inline), { kind: 'file', sizeBytes: 6 })
  const unknown = CID.createV1(0x300001, sha256(Buffer.from('?')))
  memory.put({ cid: unknown, bytes: Buffer.from('?'), hasLinks: false })
  assert.equal(await describe(unknown), { kind: 'other', sizeBytes: 1 })
})

test('what cannot be had or must not be asked for', async () => {
  const memory = new MemoryBlocks()
  const codeOf = async (cid: CID) => (await failureOf(describeEntry(memory, cid, wait))).code
  assert.is(await codeOf(CID.createV1(RAW, sha256(Buffer.from('absent')))), 'BLOCK_NOT_LOCAL')
  assert.is(await codeOf(CID.createV1(RAW, await identity.digest(new Uint8Array(129)))), 'LIMIT')
  const md5 = CID.createV1(RAW, create(0xd5, new Uint8Array(32)))
  assert.is(await codeOf(md5), 'UNSUPPORTED_HASH')
  assert.equal(memory.reads.length, 1, 'only what can be verified is asked for')
  const aborted = { signal: AbortSignal.abort() }
  assert.is((await failureOf(describeEntry(memory, putRaw(memory, Buffer.from('x')), aborted))).name, 'AbortError')
})

test.run()
