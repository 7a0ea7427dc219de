import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readFile } from '../../src/dag/unixfs/read.ts'
import { walkTree } from '../../src/dag/unixfs/tree.ts'
import { type CairnError, isCairnError } from '../../src/errors.ts'
import { MiB } from '../../src/units.ts'
import { type RepoNode, startRepoNode } from './repo-node.ts'

const soon = () => ({ signal: AbortSignal.timeout(50_000) })
const failure = (promise: Promise<unknown>): Promise<CairnError> =>
  promise.then(
    () => assert.unreachable(),
    error => error,
  ) as Promise<CairnError>

/** A folder with files of many sizes in folders of many entries; what it holds, by path. */
function makeFolder(): { folder: string; content: Map<string, Buffer> } {
  const folder = mkdtempSync(join(tmpdir(), 'folder-'))
  const content = new Map<string, Buffer>()
  const put = (path: string, bytes: Buffer) => {
    content.set(path, bytes)
    writeFileSync(join(folder, path), bytes)
  }
  mkdirSync(join(folder, 'many/deep'), { recursive: true })
  put('large', randomBytes(5 * MiB + 3))
  put('empty', Buffer.alloc(0))
  for (let n = 0; n < 300; n++) put(`many/file ${n}`, randomBytes(n * 40))
  put('many/deep/last', randomBytes(100))
  return { folder, content }
}

async function connectedPair(): Promise<[RepoNode, RepoNode]> {
  const [a, b] = [await startRepoNode(), await startRepoNode()]
  await b.network.connect(a.network.addresses()[0] ?? '', soon())
  return [a, b]
}

/** Every file below a root, by path, read from the node's own disk. */
async function readBack(node: RepoNode, root: CID): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>()
  for await (const { kind, cid, path } of walkTree(node.store, root, soon())) {
    if (kind !== 'file') continue
    const parts: Buffer[] = []
    for await (const part of readFile(node.store, cid, soon())) parts.push(Buffer.from(part))
    found.set(path.join('/'), Buffer.concat(parts))
  }
  return found
}

test('what A added and B pinned is whole on B when A is gone, also after a restart', async () => {
  const { folder, content } = makeFolder()
  const [a, b] = await connectedPair()
  const root = await a.add(folder)
  const pin = await b.pins.add(root, soon())
  assert.is(pin.status, 'pinned')
  await a[Symbol.asyncDispose]()
  await b[Symbol.asyncDispose]()
  await using again = await startRepoNode(b.repo)
  assert.is(again.network.peerId, b.network.peerId)
  const found = await readBack(again, root)
  assert.equal([...found.keys()].sort(), [...content.keys()].sort())
  for (const [path, bytes] of content) assert.ok(found.get(path)?.equals(bytes), path)
  for await (const { ok } of again.pins.verify(soon())) assert.ok(ok)
})

test('a pin of what nobody has fails with what was tried, and leaves nothing kept', async () => {
  const [a, b] = await connectedPair()
  await using _a = a
  await using _b = b
  const file = join(mkdtempSync(join(tmpdir(), 'file-')), 'f')
  writeFileSync(file, randomBytes(1000))
  await using elsewhere = await startRepoNode()
  const root = await elsewhere.add(file)
  const error = await failure(b.pins.add(root, { signal: AbortSignal.timeout(500) }))
  assert.ok(isCairnError(error) ? ['UNREACHABLE', 'TIMEOUT'].includes(error.code) : error, 'TimeoutError')
  assert.is(b.store.has(root), false)
})

test('a folder that misses a file at its source is pinned once another peer has it', async () => {
  const { folder } = makeFolder()
  const [a, b] = await connectedPair()
  await using _a = a
  await using _b = b
  await using c = await startRepoNode()
  const root = await a.add(folder)
  await c.add(folder)
  let lost: CID | undefined
  for await (const { cid, path } of walkTree(a.store, root, soon())) if (path.join('/') === 'many/deep/last') lost = cid
  await a.store.remove(lost as CID, soon())
  const pinned = b.pins.add(root, soon())
  await b.network.connect(c.network.addresses()[0] ?? '', soon())
  assert.is((await pinned).status, 'pinned')
  assert.ok(b.store.has(lost as CID))
})

test('a reader gets what is missing from a peer, and it is cached, not kept', async () => {
  const [a, b] = await connectedPair()
  await using _a = a
  await using _b = b
  const { folder, content } = makeFolder()
  const root = await a.add(join(folder, 'large'))
  const parts: Buffer[] = []
  for await (const part of readFile(b.sources.of(root), root, soon())) parts.push(Buffer.from(part))
  assert.ok(Buffer.concat(parts).equals(content.get('large') as Buffer))
  assert.is(b.store.stat(root)?.kept, false)
})

test('what a peer asks for before it is added is sent when it is durable', async () => {
  const [a, b] = await connectedPair()
  await using _a = a
  await using _b = b
  await using twin = await startRepoNode()
  const { folder } = makeFolder()
  const root = await twin.add(folder)
  const pinned = b.pins.add(root, soon())
  await a.add(folder)
  assert.is((await pinned).status, 'pinned')
})

test.run()
