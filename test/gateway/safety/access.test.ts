import { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DAG_PB, RAW } from '../../../src/block/cid.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { addTree } from '../support.ts'
import { blocksOf, never, refused, safeGateway } from './support.ts'

const KEY = 'k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8'

test('access any: what is missing is fetched', async () => {
  await using safe = await safeGateway()
  const there = await safe.elsewhere({ 'a.txt': 'from the network' })
  assert.is(await (await safe.gateway.get(`/ipfs/${there}/a.txt`)).text(), 'from the network')
})

test('access local: 404 at once for what is not here, and not a block is asked of anyone', async () => {
  await using safe = await safeGateway({ config: { access: 'local' } })
  const { gateway, network } = safe
  const here = await safe.store({ 'a.txt': 'stored', dir: { 'b.txt': 'below' } })
  const there = await safe.elsewhere({ 'a.txt': 'from the network' })
  assert.is(await (await gateway.get(`/ipfs/${here}/a.txt`)).text(), 'stored')
  assert.is((await gateway.get(`/ipfs/${here}/?format=car`)).status, 200)
  assert.is((await gateway.get(`/ipfs/${here}/?format=tar`)).status, 200)
  assert.is((await gateway.get(`/ipfs/${here}/`, { accept: 'text/html' })).status, 200)
  for (const path of [
    `/ipfs/${there}`,
    `/ipfs/${there}/a.txt`,
    `/ipfs/${there}?format=raw`,
    `/ipfs/${there}?format=car`,
  ]) {
    const missing = await gateway.get(path)
    assert.is(missing.status, 404, path)
    assert.is(missing.headers.get('cache-control'), 'no-store')
  }
  assert.is((await gateway.get(`/ipfs/${there}`, { 'cache-control': 'only-if-cached' })).status, 412)
  assert.is((await gateway.get(`/ipns/${KEY}`)).status, 404)
  assert.equal(network.asked, [])
})

test('access pinned: pins and all below them, nothing else', async () => {
  await using safe = await safeGateway({ config: { access: 'pinned' } })
  const { gateway, network, node } = safe
  const pinned = await safe.store({ 'a.txt': 'kept', dir: { 'b.txt': 'below', deep: { 'c.txt': 'deep' } } })
  const stored = await safe.store({ 'x.txt': 'only stored' })
  const there = await safe.elsewhere({ 'y.txt': 'elsewhere' })
  const before = refused('access')
  const early = await gateway.get(`/ipfs/${pinned}/a.txt`)
  assert.is(early.status, 404, 'not yet pinned')
  assert.match(await early.text(), `${pinned} is not pinned here`)
  await node.pins.add(pinned, { signal: never })
  assert.is(await (await gateway.get(`/ipfs/${pinned}/a.txt`)).text(), 'kept', 'a pin counts at once')
  assert.is((await gateway.get(`/ipfs/${pinned}?format=car`)).status, 200)
  assert.is((await gateway.get(`/ipfs/${stored}/x.txt`)).status, 404)
  assert.is((await gateway.get(`/ipfs/${there}/y.txt`)).status, 404)
  assert.is((await gateway.get(`/ipfs/${there}?format=raw`)).status, 404)
  assert.is((await gateway.get('/ipfs/bafkqaaa?format=raw')).status, 200, 'what an address holds itself needs no pin')
  assert.is(refused('access'), before + 4)
  assert.equal(network.asked, [])
  await node.pins.rm(pinned, { signal: never })
  assert.is((await gateway.get(`/ipfs/${pinned}/a.txt`)).status, 404, 'nor does it outlive its pin')
})

test('access pinned: a CID inside of pinned content is found, remembered, and lost with its pin', async () => {
  await using safe = await safeGateway({ config: { access: 'pinned' } })
  const { gateway, node } = safe
  const pinned = await safe.store({ dir: { 'b.txt': 'below' } })
  await node.pins.add(pinned, { signal: never })
  const { cid: inside } = await node.content.resolve({ root: pinned, segments: ['dir'] }, { signal: never })
  let walks = 0
  const { rootAbove } = node.pins
  node.pins.rootAbove = (cid, wait) => {
    walks++
    return rootAbove(cid, wait)
  }
  for (const _ of [1, 2, 3]) assert.is((await gateway.get(`/ipfs/${inside}/b.txt`)).status, 200)
  assert.is(walks, 1)
  const asRaw = CID.createV1(RAW, inside.multihash)
  assert.is((await gateway.get(`/ipfs/${asRaw}`)).status, 404, 'another codec is another link, which no pin holds')
  const absent = await safe.elsewhere({ z: 'z' })
  walks = 0
  for (const _ of [1, 2]) assert.is((await gateway.get(`/ipfs/${absent}`)).status, 404)
  assert.is(walks, 0, 'what is not here is in no pin: no walk for it')
  await node.pins.rm(pinned, { signal: never })
  assert.is((await gateway.get(`/ipfs/${inside}/b.txt`)).status, 404)
})

test('access pinned: walks are made one at a time, and no crowd waits for them', async () => {
  await using safe = await safeGateway({ config: { access: 'pinned' } })
  const { gateway, node } = safe
  const roots = await Promise.all(Array.from({ length: 65 }, (_, number) => safe.store({ f: `${number}` })))
  let running = 0
  let most = 0
  const held = Promise.withResolvers<undefined>()
  node.pins.rootAbove = async () => {
    most = Math.max(most, ++running)
    await held.promise
    running--
    return undefined
  }
  const answers = roots.map(root => gateway.get(`/ipfs/${root}/f`))
  const early = await Promise.race(answers)
  assert.is(early.status, 429)
  held.resolve(undefined)
  const statuses = (await Promise.all(answers)).map(({ status }) => status)
  assert.is(statuses.filter(status => status === 404).length, 64)
  assert.is(statuses.filter(status => status === 429).length, 1)
  assert.is(most, 1)
})

test('access pinned: a direct pin gives its block, not what it links to; an expired pin nothing', async () => {
  await using safe = await safeGateway({ config: { access: 'pinned' } })
  const { gateway, node } = safe
  const folder = await safe.store({ 'a.txt': 'linked' })
  await node.pins.add(folder, { mode: 'direct', signal: never })
  assert.is((await gateway.get(`/ipfs/${folder}?format=raw`)).status, 200)
  assert.is((await gateway.get(`/ipfs/${folder}/a.txt`)).status, 404)
  assert.is((await gateway.get(`/ipfs/${folder}/a.txt?format=raw`)).status, 404)
  const brief = await safe.store({ 'b.txt': 'for a moment' })
  await node.pins.add(brief, { expires: Date.now() + 1, signal: never })
  while (node.pins.modeOf(brief) !== undefined) await new Promise(resolve => setTimeout(resolve, 5))
  assert.is((await gateway.get(`/ipfs/${brief}/b.txt`)).status, 404)
})

test('access pinned: bytes of a pinned leaf cannot be read as a folder of others', async () => {
  await using safe = await safeGateway({ config: { access: 'pinned' } })
  const { gateway, node, network } = safe
  const secret = await safe.elsewhere({ 's.txt': 'not for here' })
  const [block] = (await blocksOf(network.blocks, secret)).filter(({ cid }) => cid.code === DAG_PB)
  assert.ok(block !== undefined)
  // A file whose content is the bytes of a folder block: its leaf, under the folder's codec, would be that folder.
  const blocks = new MemoryBlocks()
  const carrier = await addTree(blocks, { leaf: block.bytes })
  await node.putBlocks(await blocksOf(blocks, carrier), { signal: never })
  await node.pins.add(carrier, { signal: never })
  assert.is((await gateway.get(`/ipfs/${carrier}/leaf`)).status, 200)
  assert.is((await gateway.get(`/ipfs/${secret}/s.txt`)).status, 404)
  assert.equal(network.asked, [])
})

test.run()
