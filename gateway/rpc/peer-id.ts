// Peer ids in their two forms, base58 multihash and libp2p-key CID, without loading libp2p.

import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { decode } from 'multiformats/hashes/digest'
import type { MultihashDigest } from 'multiformats/hashes/interface'
import { LIBP2P_KEY, parseCid } from '../../src/block/cid.ts'
import { IDENTITY, SHA2_256 } from '../../src/block/hash.ts'
import { toCairnError } from '../../src/errors.ts'
import { encoderOf } from './cids.ts'
import { failure } from './errors.ts'

export type PeerId = MultihashDigest<number>

/** `12D3Koo…`, `Qm…`, or a CID as in `k51…` and `bafz…`. */
export function parsePeerId(text: string): PeerId {
  try {
    const id = /^(1|Qm)/.test(text) ? decode(base58btc.baseDecode(text)) : keyOf(parseCid(text))
    if (id.code === IDENTITY || id.code === SHA2_256) return id
  } catch (error) {
    throw failure('invalid peer id', toCairnError(error))
  }
  throw failure('invalid peer id')
}

function keyOf(cid: CID): PeerId {
  if (cid.code !== LIBP2P_KEY) throw failure('not a peer id')
  return cid.multihash
}

/** `b58mh` is the bare multihash in base58; any other base makes it a CID. */
export function formatPeerId(id: PeerId, base: string): string {
  if (base === 'b58mh') return base58btc.baseEncode(id.bytes)
  return CID.createV1(LIBP2P_KEY, id).toString(encoderOf(base))
}

/** Short keys lie in the id itself; '' for the others. */
export const publicKeyOf = (id: PeerId): string =>
  id.code === IDENTITY ? Buffer.from(id.digest).toString('base64') : ''
