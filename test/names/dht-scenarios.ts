// Records in a DHT of other implementations' nodes, in a network namespace of its own (see dht.test.ts).

import { generateKeyPair } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import { type KadDHT, kadDHT, removePrivateAddressesMapper } from '@libp2p/kad-dht'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p, type Libp2p } from 'libp2p'
import * as assert from 'uvu/assert'
import { publicAddress } from '../net/namespace.ts'
import { startNode, stopNodes } from '../net/net-node.ts'
import { makePublisher, makeRecord, type Publisher } from './signing.ts'
import { failureOf, openNames, soon } from './support.ts'

const VALUE = '/ipfs/bafkqaaa'

type Holder = Libp2p<{ dht: KadDHT }>

/** A plain libp2p node that keeps and gives whatever it is told. */
export async function startHolder(n: 1 | 2): Promise<Holder> {
  const address = `/ip4/${publicAddress(n)}/tcp/4001`
  return createLibp2p({
    privateKey: await generateKeyPair('Ed25519'),
    // What is announced counts as reachable; what is only listened on has to be proven first.
    addresses: { listen: [address], announce: [address] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: {
      identify: identify(),
      ping: ping(),
      dht: kadDHT({
        protocol: '/ipfs/kad/1.0.0',
        peerInfoMapper: removePrivateAddressesMapper,
        clientMode: false,
        validators: { ipns: async () => {} },
        selectors: { ipns: () => 0 },
      }),
    },
  }) as unknown as Promise<Holder>
}

const keyOf = ({ name }: Publisher): Buffer => Buffer.concat([Buffer.from('/ipns/'), name.multihash.bytes])

/** Kept by the holder itself; what each other peer said of it. */
async function keep(holder: Holder, publisher: Publisher, bytes: Uint8Array): Promise<Map<string, string>> {
  const said = new Map<string, string>()
  for await (const event of holder.services.dht.put(keyOf(publisher), bytes, soon()))
    if (event.name === 'QUERY_ERROR' || event.name === 'PEER_RESPONSE') said.set(String(event.from), event.name)
  return said
}

async function startReader(holders: readonly Holder[]) {
  const address = `/ip4/${publicAddress(3)}/tcp/4001`
  const node = await startNode({ mode: 'public', listen: [address], announce: [address] })
  for (const holder of holders) await node.network.connect(String(holder.getMultiaddrs()[0]), soon())
  return node
}

export const SCENARIOS: Record<string, () => Promise<void>> = {
  'the newest of the records that peers have': async () => {
    const holders = [await startHolder(1), await startHolder(2)] as const
    const publisher = await makePublisher()
    const reader = await startReader(holders)
    for (const [index, holder] of holders.entries())
      await keep(holder, publisher, await makeRecord(publisher, { value: VALUE, sequence: BigInt(index + 1) }))
    await using node = await openNames({ findRecords: reader.network.findRecords })
    const record = await node.names.record(publisher.name.text, soon())
    assert.is(record.sequence, 2n)
    assert.ok(record.ttlSecs > 280 && record.ttlSecs <= 300)
    await Promise.all(holders.map(holder => holder.stop()))
    // What is remembered needs nobody.
    assert.is((await node.names.resolve(publisher.name.text, soon())).chain[0]?.target, VALUE)
  },
  'a record that is not signed by its key is none': async () => {
    const holder = await startHolder(1)
    const [publisher, other] = [await makePublisher(), await makePublisher()]
    const reader = await startReader([holder])
    await keep(holder, publisher, await makeRecord(other, { value: VALUE }))
    await using node = await openNames({ findRecords: reader.network.findRecords, ipns: { timeout: '6s' } })
    const { code } = await failureOf(node.names.record(publisher.name.text, soon()))
    assert.ok(['NAME_NOT_FOUND', 'BAD_RECORD', 'TIMEOUT', 'UNREACHABLE'].includes(code), code)
    await holder.stop()
  },
  'a node keeps no records for others': async () => {
    const holder = await startHolder(1)
    const reader = await startReader([holder])
    const publisher = await makePublisher()
    const said = await keep(holder, publisher, await makeRecord(publisher, { value: VALUE }))
    assert.is(said.get(reader.network.peerId), 'QUERY_ERROR')
    await holder.stop()
  },
}

if (import.meta.main) {
  await SCENARIOS[process.argv[2] ?? '']?.()
  await stopNodes()
  process.exit(0)
}
