import { once } from 'node:events'
import { connect } from 'node:net'
import type { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { describePhase } from '../../../gateway/safety/budgets.ts'
import type { FetchState } from '../../../src/block/source.ts'
import { METRICS } from '../../../src/observe/metrics.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { addTree, memoryContent, memoryNames, parseAnswer, withGateway } from '../support.ts'
import { blocksOf, logged, never, safeGateway } from './support.ts'

const ABSENT = 'bafkreidrysan7e6wvyxr56wrir6gnskslyyweggpkh6i3hwyglznv4mlom'
const KEY = 'k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8'

test('504 names the phase and the peers: the root block', async () => {
  await using safe = await safeGateway({ retrievalTimeout: '40ms' })
  const answer = await safe.gateway.get(`/ipfs/${ABSENT}/a`)
  assert.is(answer.status, 504)
  assert.ok(Number(answer.headers.get('retry-after')) > 0)
  const text = await answer.text()
  assert.match(text, `the time was over while waiting for the root block ${ABSENT}`)
  assert.match(text, 'tried: peer 12D3KooWone: did not answer')
  assert.match(text, 'tried: the DHT: no provider')
  const page = await (await safe.gateway.get(`/ipfs/${ABSENT}/a`, { accept: 'text/html' })).text()
  assert.match(page, `The time was over while waiting for the root block ${ABSENT}`)
  const problem = await safe.gateway.get(`/ipfs/${ABSENT}/a`, { accept: 'application/json' })
  assert.match(((await problem.json()) as { phase: string }).phase, 'waiting for the root block')
})

test('504 names the segment of the path that was walked', async () => {
  await using safe = await safeGateway({ retrievalTimeout: '40ms' })
  const { gateway, node } = safe
  const blocks = new MemoryBlocks()
  const root = await addTree(blocks, { one: { two: { three: { 'f.txt': 'deep' } } } })
  const all = await blocksOf(blocks, root)
  const lost = await node.content
    .resolve({ root, segments: [] }, { signal: AbortSignal.timeout(1) })
    .catch(() => undefined)
  assert.is(lost, undefined)
  const two = await segmentOf(blocks, root, ['one', 'two'])
  await node.putBlocks(
    all.filter(({ cid }) => !cid.equals(two)),
    { signal: never },
  )
  const text = await (await gateway.get(`/ipfs/${root}/one/two/three/f.txt`)).text()
  assert.match(text, `the time was over while walking segment 2 of 4 ("two"), at block ${two}`)
})

const segmentOf = async (blocks: MemoryBlocks, root: CID, segments: string[]) =>
  (await memoryContent(blocks).resolve({ root, segments }, { signal: never })).cid

test('504 names the name that was looked up', async () => {
  const names = memoryNames()
  const slow = { ...names, resolve: (_: string, { signal }: { signal: AbortSignal }) => stuck(signal) }
  await withGateway({ mode: 'public', retrievalTimeout: '40ms', node: { names: slow } }, async gateway => {
    const answer = await gateway.get(`/ipns/${KEY}/a`)
    assert.is(answer.status, 504)
    assert.match(await answer.text(), `the time was over while looking up the name ${KEY}`)
  })
})

const stuck = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

test('504 names content that began to be read and never came, with the block', async () => {
  await using safe = await safeGateway({ retrievalTimeout: '40ms' })
  const { gateway, node } = safe
  const blocks = new MemoryBlocks()
  const root = await addTree(blocks, { 'f.txt': Buffer.alloc(3_000_000, 'x') })
  const all = await blocksOf(blocks, root)
  const leaf = all.find(({ cid }) => cid.code === 0x55)
  assert.ok(leaf !== undefined)
  await node.putBlocks(
    all.filter(({ cid }) => !cid.equals(leaf.cid)),
    { signal: never },
  )
  const text = await (await gateway.get(`/ipfs/${root}/f.txt`)).text()
  assert.match(text, `the time was over while reading the content, at block ${leaf.cid}`)
})

test('how the search went stands behind the phase', async () => {
  const wait = { phase: 'path', missing: undefined } as const
  const blocks = new MemoryBlocks()
  const root = await addTree(blocks, { a: 'a' })
  const states: [Partial<FetchState>, RegExp][] = [
    [{ connected: 0, searches: 0 }, /connecting: no peer is connected; no search for providers was made$/],
    [
      { connected: 3, asked: 2, answered: 1, searches: 2 },
      /finding providers: 2 searches for providers found none; 2 of 3 connected peers asked, 1 answered$/,
    ],
    [{ connected: 1, asked: 1, providers: 1, searches: 1 }, /1 provider known, none of them sent it$/],
    [
      { connected: 1, asked: 1, noSearch: 'this mode has no content routing' },
      /finding providers: this mode has no content routing; 1 of 1 connected peer asked/,
    ],
  ]
  for (const [state, wanted] of states) {
    const full = { connected: 0, asked: 0, answered: 0, providers: 0, searches: 0, ...state }
    const content = memoryContent(blocks, Object.assign(new MemoryBlocks(), { fetchState: () => full }))
    assert.match(await describePhase({ content, wait, name: undefined, path: { root, segments: [] } }), wanted)
  }
})

test('an answer whose source stalls on the way is broken off, told in the log and counted', async () => {
  const { log, lines } = logged()
  await using safe = await safeGateway({ log, retrievalTimeout: '60ms' })
  const { gateway, node } = safe
  const blocks = new MemoryBlocks()
  const content = Buffer.alloc(8_000_000)
  for (let index = 0; index < content.length; index += 1000) content.writeUInt32BE(index, index)
  const root = await addTree(blocks, { 'f.bin': content })
  const all = await blocksOf(blocks, root)
  const leaf = all.filter(({ cid }) => cid.code === 0x55)[5]
  assert.ok(leaf !== undefined)
  await node.putBlocks(
    all.filter(({ cid }) => !cid.equals(leaf.cid)),
    { signal: never },
  )
  const count = () => [...METRICS.httpAborted.samples()].find(({ labels }) => labels.listener === 'gateway')?.value ?? 0
  const before = count()
  const answer = await gateway.raw(`GET /ipfs/${root}/f.bin HTTP/1.1\nHost: x`)
  assert.is(answer.status, 200)
  assert.not.ok(answer.isWhole)
  assert.ok(answer.body.byteLength > 0 && answer.body.byteLength < content.byteLength)
  while (!lines.some(line => line.includes('broken off'))) await new Promise(resolve => setImmediate(resolve))
  const line = lines.find(one => one.includes('an answer was broken off')) ?? ''
  assert.match(line, `reading the content, at block ${leaf.cid}`)
  assert.match(line, 'peer 12D3KooWone: did not answer')
  assert.is(count(), before + 1)
})

test('gateway.maxTime ends an answer that goes on and on', async () => {
  const { log, lines } = logged()
  await withGateway({ log, config: { maxTime: '100ms' } }, async gateway => {
    const cid = await gateway.add('big', new Uint8Array(24 * 1024 * 1024))
    const socket = connect(gateway.server.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(`GET /ipfs/${cid} HTTP/1.1\r\nHost: x\r\n\r\n`)
    const chunks: Buffer[] = []
    await once(socket, 'readable')
    chunks.push(socket.read() as Buffer)
    await new Promise(resolve => setTimeout(resolve, 150))
    socket.on('data', chunk => chunks.push(chunk))
    await once(socket, 'close')
    const answer = parseAnswer(Buffer.concat(chunks))
    assert.is(answer.status, 200)
    assert.not.ok(answer.isWhole)
  })
  assert.ok(lines.some(line => line.includes('broken off')))
})

test('gateway.maxTime before the first byte is 504', async () => {
  await using safe = await safeGateway({ retrievalTimeout: '30s', config: { maxTime: '40ms' } })
  assert.is((await safe.gateway.get(`/ipfs/${ABSENT}`)).status, 504)
})

test.run()
