// A wire that goes nowhere: it keeps what was sent to each peer, and lets a test answer in its place.

import { generateKeyPairSync } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { CID } from 'multiformats/cid'
import type { IncomingMessage, OutgoingMessage, Wire } from '../../src/net/wire.ts'
import { wirePrefix } from '../../src/net/wire-block.ts'

export async function newPeer(): Promise<PeerId> {
  const seed = generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32)
  return peerIdFromPrivateKey(await generateKeyPairFromSeed('Ed25519', seed))
}

export class FakeWire implements Wire {
  readonly sent: { readonly peer: string; readonly message: OutgoingMessage }[] = []
  /** Set it to make sending fail, or hang. */
  onSend: (peer: PeerId, signal: AbortSignal) => Promise<void> = async () => {}

  async send(peer: PeerId, message: OutgoingMessage, signal: AbortSignal): Promise<void> {
    this.sent.push({ peer: peer.toString(), message })
    await this.onSend(peer, signal)
  }

  /** Everything told to a peer, in order: `block bafk…`, `have bafk…`, `cancel bafk…`. */
  told(peer: PeerId): string[] {
    return this.#to(peer).flatMap(message =>
      [...message.wantlist.values()].map(({ cid, cancel, wantType }) => {
        const kind = cancel === true ? 'cancel' : wantType === 'WantHave' ? 'have' : 'block'
        return `${kind} ${CID.decode(cid)}`
      }),
    )
  }

  blocks(peer: PeerId): Uint8Array[] {
    return this.#to(peer).flatMap(message => [...message.blocks.values()].map(block => block.data))
  }

  presences(peer: PeerId): string[] {
    return this.#to(peer).flatMap(message =>
      [...message.blockPresences.values()].map(({ cid, type }) => `${type} ${CID.decode(cid)}`),
    )
  }

  #to(peer: PeerId): OutgoingMessage[] {
    return this.sent.filter(one => one.peer === peer.toString()).map(one => one.message)
  }
}

export const gives = (cid: CID, data: Uint8Array): IncomingMessage => ({
  blocks: [{ prefix: wirePrefix(cid), data }],
  blockPresences: [],
})

export const says = (cid: CID, type: 'HaveBlock' | 'DoNotHaveBlock'): IncomingMessage => ({
  blocks: [],
  blockPresences: [{ cid: cid.bytes, type }],
})

/** Waits for something that happens by itself; the runner's time limit is what ends it otherwise. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(2)
}
