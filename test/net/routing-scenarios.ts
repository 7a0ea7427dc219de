// What a node tells of a DHT of other implementations' nodes, in a network namespace of its own (see routing.test.ts).

import { CID } from 'multiformats/cid'
import * as assert from 'uvu/assert'
import type { RoutedPeer } from '../../src/api/routing.ts'
import { LIBP2P_KEY, RAW } from '../../src/block/cid.ts'
import { sha256 } from '../../src/block/hash.ts'
import { keyName, parseKey } from '../../src/names/name.ts'
import { startHolder } from '../names/dht-scenarios.ts'
import { soon } from '../names/support.ts'
import { publicAddress } from './namespace.ts'
import { startNode, stopNodes } from './net-node.ts'

const idsOf = (peers: readonly RoutedPeer[]): string[] => peers.map(({ id }) => id)

export async function scenario(): Promise<void> {
  const holders = [await startHolder(1), await startHolder(2)] as const
  const address = `/ip4/${publicAddress(3)}/tcp/4001`
  const reader = await startNode({ mode: 'public', listen: [address], announce: [address] })
  for (const holder of holders) await reader.network.connect(String(holder.getMultiaddrs()[0]), soon())
  const [first, second] = holders
  await first.dial(second.getMultiaddrs(), soon())
  const { routing } = reader.network
  const cid = CID.createV1(RAW, sha256(Buffer.from('provided')))
  for await (const _ of first.services.dht.provide(cid as never, soon()));
  const providers = await Array.fromAsync(routing.findProviders(cid, soon()))
  assert.equal(idsOf(providers), [first.peerId.toString()])
  assert.equal(providers[0]?.addresses, [`/ip4/${publicAddress(1)}/tcp/4001`])
  assert.equal(await Array.fromAsync(routing.findProviders(CID.createV1(RAW, sha256(Buffer.from('no'))), soon())), [])
  const id = CID.createV1(LIBP2P_KEY, parseKey(second.peerId.toString()).multihash)
  const found = await Array.fromAsync(routing.findPeer(id, soon()))
  assert.equal(found, [
    { id: second.peerId.toString(), addresses: [`/ip4/${publicAddress(2)}/tcp/4001`], protocols: [] },
  ])
  const closest = idsOf(await Array.fromAsync(routing.closestPeers(cid, soon())))
  const nearestFirst = holders.map(({ peerId }) => peerId.toString()).sort((a, b) => nearer(cid, a, b))
  assert.equal(
    closest.filter(peer => nearestFirst.includes(peer)),
    nearestFirst,
  )
  await Promise.all(holders.map(holder => holder.stop()))
}

/** Kademlia's distance: the hashes of both, XORed. */
function nearer(key: CID, a: string, b: string): number {
  const place = sha256(key.multihash.bytes).digest
  const distance = (peer: string) =>
    sha256(keyName(parseKey(peer).multihash).multihash.bytes).digest.map((byte, i) => byte ^ (place[i] ?? 0))
  return Buffer.compare(distance(a), distance(b))
}

if (import.meta.main) {
  await scenario()
  await stopNodes()
  process.exit(0)
}
