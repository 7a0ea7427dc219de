// CIDs as people write them: any multibase in, and the key under which the store knows a block.

import { base32 } from 'multiformats/bases/base32'
import { bases } from 'multiformats/basics'
import type { MultibaseDecoder } from 'multiformats/cid'
import { CID } from 'multiformats/cid'
import { CairnError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { checkDigest, IDENTITY } from './hash.ts'

export const RAW = 0x55
export const DAG_PB = 0x70
export const DAG_CBOR = 0x71
export const LIBP2P_KEY = 0x72
export const CBOR = 0x51
export const JSON_CODEC = 0x0200
export const DAG_JSON = 0x0129

const anyBase = Object.values(bases)
  .map(base => base.decoder as MultibaseDecoder<string>)
  .reduce((all, decoder) => (all as unknown as { or(d: unknown): MultibaseDecoder<string> }).or(decoder))

/** Reads a CID in any multibase; BAD_CID if it is none, UNSUPPORTED_HASH or LIMIT if its digest proves nothing. */
export function parseCid(text: string): CID {
  let cid: CID
  // Decoding takes the square of the length in some bases.
  if (text.length > LIMITS.cidChars.value)
    throw new CairnError('BAD_CID', `"${text.slice(0, 120)}…" is longer than any CID`)
  try {
    cid = /^Qm[1-9A-HJ-NP-Za-km-z]{44}$/.test(text) || text.startsWith('b') ? CID.parse(text) : CID.parse(text, anyBase)
  } catch (cause) {
    throw new CairnError('BAD_CID', `"${text.slice(0, 120)}" is not a CID`, { cause })
  }
  checkDigest(cid.multihash)
  return cid
}

/** The store's key of a block: its multihash, as a string for maps. v0 and v1 of a CID are one block. */
export const blockKey = (cid: CID): string =>
  Buffer.from(cid.multihash.bytes.buffer, cid.multihash.bytes.byteOffset, cid.multihash.bytes.byteLength).toString(
    'latin1',
  )

/** Identity CIDs carry their bytes; they are never stored. */
export const isIdentity = (cid: CID): boolean => cid.multihash.code === IDENTITY

/** CIDv1 in base32: the form for URLs and subdomains. */
export const toV1 = (cid: CID): CID => (cid.version === 1 ? cid : CID.createV1(cid.code, cid.multihash))
export const formatV1 = (cid: CID): string => toV1(cid).toString(base32)
