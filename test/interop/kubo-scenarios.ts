// What is shown with a real Kubo: each scenario runs in a process and a network namespace of its own, and with a time limit (kubo.test.ts).

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import * as dagPb from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import { DAG_PB, RAW } from '../../src/block/cid.ts'
import { sha256 } from '../../src/block/hash.ts'
import type { FetchSession } from '../../src/net/network.ts'
import { generateSwarmKey } from '../../src/net/swarm-key.ts'
import { MiB } from '../../src/units.ts'
import { type NetNode, startNode, stopNodes } from '../net/net-node.ts'
import { Kubo } from './kubo-daemon.ts'

const soon = () => ({ signal: AbortSignal.timeout(20_000) })

async function together(options: { swarmKey?: string } = {}): Promise<{ kubo: Kubo; node: NetNode }> {
  const kubo = await Kubo.start(options)
  const node = await startNode({ mode: options.swarmKey === undefined ? 'lan' : 'private', ...options })
  await node.network.connect(await kubo.address(), soon())
  return { kubo, node }
}

/** The content of a file that is fetched block by block. */
async function readThrough(session: FetchSession, cid: CID): Promise<Buffer> {
  const bytes = await session.fetch(cid, soon())
  if (cid.code !== DAG_PB) return Buffer.from(bytes)
  const parts = await Promise.all(dagPb.decode(bytes).Links.map(link => readThrough(session, link.Hash)))
  return Buffer.concat(parts)
}

async function kuboToCairn(options: { swarmKey?: string } = {}): Promise<void> {
  const { kubo, node } = await together(options)
  await using _ = kubo
  const content = randomBytes(20 * MiB + 7)
  const cid = CID.parse(await kubo.text(['add', '-Q', '--cid-version=1', '--raw-leaves'], content))
  assert.ok(content.equals(await readThrough(node.network.session(cid), cid)))
}

async function cairnToKubo(options: { swarmKey?: string } = {}): Promise<void> {
  const { kubo, node } = await together(options)
  await using _ = kubo
  const blocks = [10, 1000, 256 * 1024, 2 * MiB].map(size => randomBytes(size))
  for (const bytes of blocks) {
    const cid = node.store.add(bytes)
    assert.ok(bytes.equals(await kubo.run(['block', 'get', `${cid}`])), `${cid}`)
  }
  const leaves = Array.from({ length: 64 }, () => node.store.add(randomBytes(100_000)))
  const root = dagPb.encode(
    dagPb.prepare({ Links: leaves.map((Hash, i) => ({ Name: `${i}`.padStart(2, '0'), Hash, Tsize: 1 })) }),
  )
  const rootCid = CID.createV1(DAG_PB, sha256(root))
  node.store.put(rootCid, root)
  const refs = await kubo.text(['refs', '-r', `${rootCid}`])
  assert.deepEqual(refs.split('\n'), leaves.map(String))
}

export const SCENARIOS: Record<string, () => Promise<void>> = {
  'a file of Kubo’s is fetched by Cairn': () => kuboToCairn(),
  'blocks and a DAG of Cairn’s are fetched by Kubo': () => cairnToKubo(),
  'both ways in a private network with Kubo’s swarm.key': async () => {
    await kuboToCairn({ swarmKey: generateSwarmKey() })
    await cairnToKubo({ swarmKey: generateSwarmKey() })
  },
  'Kubo without the swarm key gets no connection': async () => {
    await using kubo = await Kubo.start()
    const node = await startNode({ mode: 'private', swarmKey: generateSwarmKey() })
    await assert.rejects(node.network.connect(await kubo.address(), { signal: AbortSignal.timeout(3000) }))
    await assert.rejects(kubo.run(['swarm', 'connect', node.network.addresses()[0] ?? '']))
    assert.deepEqual(await node.network.peers(), [])
  },
  'what Kubo asks for before Cairn has it is sent once it is committed': async () => {
    const { kubo, node } = await together()
    await using _ = kubo
    const bytes = randomBytes(50_000)
    const cid = CID.createV1(RAW, sha256(bytes))
    const asked = kubo.run(['block', 'get', `${cid}`])
    // Another block that Cairn has shows that Kubo's wants reach it; the early one went out before.
    await kubo.run(['block', 'get', `${node.store.add(randomBytes(100))}`])
    node.store.put(cid, bytes)
    assert.ok(bytes.equals(await asked))
  },
  'what Cairn asks for before Kubo has it arrives once it is added': async () => {
    const { kubo, node } = await together()
    await using _ = kubo
    const bytes = randomBytes(50_000)
    const cid = CID.createV1(RAW, sha256(bytes))
    const asked = node.network.session(cid).fetch(cid, soon())
    await kubo.text(['block', 'put', '--cid-codec=raw'], bytes)
    assert.ok(bytes.equals(Buffer.from(await asked)))
  },
  'a fetch that is given up leaves no want with Kubo': async () => {
    const { kubo, node } = await together()
    await using _ = kubo
    const cid = CID.createV1(RAW, sha256(randomBytes(10)))
    const gaveUp = new AbortController()
    const asked = node.network.session(cid).fetch(cid, { signal: gaveUp.signal })
    const wanted = () => kubo.text(['bitswap', 'wantlist', '--peer', node.network.peerId])
    while (!(await wanted()).includes(`${cid}`)) await sleep(20)
    gaveUp.abort()
    await assert.rejects(asked)
    while ((await wanted()) !== '') await sleep(20)
  },
  'Kubo sees who we are': async () => {
    const { kubo, node } = await together()
    await using _ = kubo
    // Each asks the other after they are connected.
    const seen = () => kubo.text(['swarm', 'peers', '--identify', '--enc=json'])
    while (!(await seen()).includes(node.network.agentVersion)) await sleep(20)
    const version = async () => (await node.network.peers())[0]?.agentVersion
    while ((await version()) === undefined) await sleep(20)
    assert.match((await version()) ?? '', /^kubo\//)
  },
}

if (import.meta.main) {
  await SCENARIOS[process.argv[2] ?? '']?.()
  await stopNodes()
  process.exit(0)
}
