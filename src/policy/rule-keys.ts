// The key of a rule: what it names, hashed by coefficients that nobody outside knows, so that no two can be made to collide.

import { DigestKeys } from '../block/digest-keys.ts'

/** What the bytes of a key are. */
export const KEY = {
  /** The multihash of a block. */
  block: 0,
  /** The multihash of an IPNS key. */
  name: 1,
  /** A multihash of what a rule names: `<base58 multihash>/<path>` and the like. */
  hashed: 2,
  /** SHA-256 of `<CIDv1>/<path>`, as the older lists have it. */
  legacy: 3,
} as const

export type KeyKind = (typeof KEY)[keyof typeof KEY]

export const KEY_WORDS = 4

const keys = new DigestKeys()
const words = new Uint32Array(keys.of(new Uint8Array(1)).buffer)

const text = Buffer.alloc(256)
/** Of the usual lengths: a digest and a multihash of SHA-256. */
const views = [32, 34].map(length => text.subarray(0, length))

/** The same for bytes that come as latin1. */
export function ruleKeyOf(kind: KeyKind, latin1: string): Uint32Array {
  const length = text.write(latin1, 0, 'latin1')
  return ruleKey(kind, views.find(view => view.byteLength === length) ?? text.subarray(0, length))
}

/** Four words, good until the next call; the first is never 0. */
export function ruleKey(kind: KeyKind, bytes: Uint8Array): Uint32Array {
  keys.of(bytes)
  words[0] = ((words[0] as number) ^ Math.imul(kind + 1, 0x9e3779b1)) >>> 0 || 1
  return words
}
