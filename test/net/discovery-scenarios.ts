// How nodes find each other, each way in a network namespace of its own (see discovery.test.ts).

import { randomBytes } from 'node:crypto'
import * as assert from 'uvu/assert'
import { until } from './fake-wire.ts'
import { publicAddress } from './namespace.ts'
import { type NetNode, startNode, stopNodes } from './net-node.ts'

const soon = () => ({ signal: AbortSignal.timeout(30_000) })

async function fetchesFrom(node: NetNode, owner: NetNode): Promise<void> {
  const bytes = randomBytes(1000)
  const cid = owner.store.add(bytes)
  owner.network.announce([cid])
  assert.equal(Buffer.from(await node.network.session(cid).fetch(cid, soon())), bytes)
}

const publicNode = (n: 1 | 2 | 3, bootstrap: readonly string[]): Promise<NetNode> => {
  const address = `/ip4/${publicAddress(n)}/tcp/4001`
  return startNode({ mode: 'public', listen: [address], announce: [address], bootstrap })
}

export const SCENARIOS: Record<string, () => Promise<void>> = {
  'in mode lan two nodes find each other by mDNS': async () => {
    const [a, b] = [await startNode({ mdns: true }), await startNode({ mdns: true })]
    await until(() => b.network.helia.libp2p.getPeers().length > 0)
    await fetchesFrom(b, a)
  },
  'with mDNS switched off they do not': async () => {
    const [, b] = [await startNode({ mdns: true }), await startNode({ mdns: false })]
    await new Promise(resolve => setTimeout(resolve, 1500))
    assert.equal(await b.network.peers(), [])
  },
  'in mode private they do not look for anyone': async () => {
    const swarmKey = `/key/swarm/psk/1.0.0/\n/base16/\n${'ab'.repeat(32)}\n`
    const [, b] = [await startNode({ mdns: true }), await startNode({ mode: 'private', swarmKey, mdns: true })]
    await new Promise(resolve => setTimeout(resolve, 1500))
    assert.equal(await b.network.peers(), [])
  },
  'in mode public a provider is found through the DHT': async () => {
    const bootstrap = await publicNode(1, [])
    const known = bootstrap.network.addresses()
    const owner = await publicNode(2, known)
    await until(() => owner.network.lacks().length === 0)
    const reader = await startNode({ mode: 'public', role: 'client', bootstrap: known })
    await fetchesFrom(reader, owner)
  },
  'in mode public two nodes that do not know yet how they can be reached stay connected, and search with pauses':
    async () => {
      const a = await startNode({ mode: 'public', listen: [`/ip4/${publicAddress(1)}/tcp/4001`] })
      const known = [`/ip4/${publicAddress(1)}/tcp/4001/p2p/${a.network.peerId}`]
      const b = await startNode({ mode: 'public', listen: [`/ip4/${publicAddress(2)}/tcp/4001`], bootstrap: known })
      let opened = 0
      b.network.helia.libp2p.addEventListener('connection:open', () => opened++)
      await until(() => b.network.helia.libp2p.getPeers().length > 0)
      const [first] = b.network.helia.libp2p.getConnections()
      await new Promise(resolve => setTimeout(resolve, 4000))
      assert.is(first?.status, 'open')
      assert.ok(opened < 20, `${opened} connections in four seconds`)
    },
  'in mode public without any network it starts and says what it lacks, once': async () => {
    const alone = await publicNode(1, [
      `/ip4/${publicAddress(3)}/tcp/4009/p2p/12D3KooWGRUVh1Jd4CbUYJ2TZ5uzVrW3yNYnGJQWyyTrZTCHMfn4`,
    ])
    await until(() => alone.lines.some(line => line.includes('lacks')))
    assert.equal(alone.network.lacks(), ['no bootstrap peer reached'])
    assert.is(alone.lines.filter(line => line.includes('lacks')).length, 1)
  },
}

if (import.meta.main) {
  await SCENARIOS[process.argv[2] ?? '']?.()
  await stopNodes()
  process.exit(0)
}
