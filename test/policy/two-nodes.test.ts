import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { resolvePath } from '../../src/dag/resolve.ts'
import { Denylist } from '../../src/policy/denylist.ts'
import { type RepoNode, startRepoNode } from '../net/repo-node.ts'
import { parseList } from './support.ts'

const soon = (ms = 50_000) => ({ signal: AbortSignal.timeout(ms) })

async function failed(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => false,
    () => true,
  )
}

async function pair(denylist: Denylist): Promise<readonly [RepoNode, RepoNode]> {
  const giving = await startRepoNode(undefined, denylist)
  const asking = await startRepoNode()
  await asking.network.connect(giving.network.addresses()[0] ?? '', soon())
  return [giving, asking]
}

test('a denied block is not given to peers, its neighbours are; allowed again, it is given', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'site-'))
  mkdirSync(join(folder, 'deep'))
  // Large enough that it is not sent along with the answer whether it is there.
  for (const name of ['keep', 'secret']) writeFileSync(join(folder, 'deep', name), name.repeat(1000))
  const denylist = new Denylist()
  const [giving, asking] = await pair(denylist)
  await using _giving = giving
  await using _asking = asking
  const root = await giving.add(folder)
  const cidOf = async (name: string) =>
    (await resolvePath(giving.store, { root, segments: ['deep', name] }, soon())).cid
  const [keep, secret] = [await cidOf('keep'), await cidOf('secret')]
  denylist.replace([{ name: 'a', list: parseList(`/ipfs/${secret}\n`) }])
  const session = asking.network.session(root)
  assert.ok((await session.fetch(keep, soon())).byteLength > 0)
  assert.ok(await failed(session.fetch(secret, soon(3000))), 'the blocked block was given')
  assert.ok(await failed(asking.pins.add(root, soon(3000))), 'all was given')
  assert.is(asking.store.has(secret), false)
  // It is there all the same.
  assert.ok(giving.store.has(secret))
  denylist.replace([])
  const bytes = await asking.network.session(root).fetch(secret, soon())
  assert.is(Buffer.from(bytes).toString(), 'secret'.repeat(1000))
})

test('a denied block is not asked for, whoever has it', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'file-')), 'secret')
  writeFileSync(file, 'secret'.repeat(1000))
  const denylist = new Denylist()
  const giving = await startRepoNode()
  await using _giving = giving
  const asking = await startRepoNode(undefined, denylist)
  await using _asking = asking
  await asking.network.connect(giving.network.addresses()[0] ?? '', soon())
  const root = await giving.add(file)
  denylist.replace([{ name: 'a', list: parseList(`/ipfs/${root}\n`) }])
  const refused = (await asking.network.helia.blockstore.get(root, soon(3000))) as AsyncIterable<Uint8Array>
  assert.ok(
    await failed(
      (async () => {
        for await (const _ of refused);
      })(),
    ),
  )
  assert.is(asking.store.has(root), false)
})

test.run()
