// What somebody asks for, in every form in which a rule may name it; each form is made when a list first needs it.

import { hash as nodeHash } from 'node:crypto'
import { base32 } from 'multiformats/bases/base32'
import type { CID } from 'multiformats/cid'
import { DAG_PB, RAW } from '../block/cid.ts'
import { hashByCode, SHA2_256 } from '../block/hash.ts'
import { encodeVarint } from '../block/varint.ts'
import { writeBase58 } from './base-text.ts'
import { parseName } from './name-text.ts'

/** A namespace of its own within one question: the root by its CID, or the name. */
export class Subject {
  /** Multihash of the block, or of the key; undefined for a DNS name. */
  readonly multihash: Uint8Array | undefined
  readonly isName: boolean
  /** `a/b`, without slashes at its ends. */
  readonly path: string
  readonly #domain: string
  readonly #codec: number
  #base58: string | undefined
  readonly #hashed = new Map<number, string[]>()
  #legacy: string[] | undefined

  private constructor(from: {
    multihash: Uint8Array | undefined
    isName: boolean
    domain: string
    codec: number
    path: string
  }) {
    this.multihash = from.multihash
    this.isName = from.isName
    this.path = from.path
    this.#domain = from.domain
    this.#codec = from.codec
  }

  static ofCid(cid: CID, path: readonly string[] = []): Subject {
    return new Subject({
      multihash: cid.multihash.bytes,
      isName: false,
      domain: '',
      codec: cid.code,
      path: joinPath(path),
    })
  }

  static ofName(text: string, path: readonly string[] = []): Subject {
    const name = parseName(text)
    const isKey = typeof name !== 'string'
    return new Subject({
      multihash: isKey ? name : undefined,
      isName: true,
      domain: isKey ? '' : name,
      codec: 0,
      path: joinPath(path),
    })
  }

  /** Under which rules with a prefix are found: one of its own for each root or name. */
  get place(): string {
    return this.isName ? `/ipns/${this.#name}` : this.#name
  }

  /** The multihashes by which a list may name this without saying it, for one hash function; bytes as latin1, which Node makes three times as fast. */
  hashed(code: number): readonly string[] {
    let known = this.#hashed.get(code)
    if (known === undefined) {
      known = this.#names().map(text => multihashText(code, text))
      this.#hashed.set(code, known)
    }
    return known
  }

  get legacy(): readonly string[] {
    this.#legacy ??= this.#legacyTexts().map(text => nodeHash('sha256', text, 'binary'))
    return this.#legacy
  }

  get #name(): string {
    if (this.multihash === undefined) return this.#domain
    this.#base58 ??= writeBase58(this.multihash)
    return this.#base58
  }

  /** A key counts as itself and as a name; what is asked for below it is blocked with it. */
  #names(): string[] {
    const own = this.#name
    if (!this.isName && this.path === '') return [own]
    const heads = !this.isName ? [own] : this.multihash === undefined ? [`/ipns/${own}`] : [own, `/ipns/${own}`]
    return heads.flatMap(head => [head, ...this.#paths().map(path => `${head}/${path}`)])
  }

  /** Lists were made from URLs: a path may have been hashed as it stands there. */
  #paths(): string[] {
    if (this.path === '') return []
    const encoded = this.path
      .split('/')
      .map(name => encodeURIComponent(name.toWellFormed()))
      .join('/')
    return encoded === this.path ? [this.path] : [this.path, encoded]
  }

  /** The codec of a CID is part of its text, so the usual ones are tried too: the block is the same. */
  #legacyTexts(): string[] {
    const { multihash } = this
    const heads = multihash === undefined ? [this.#domain] : this.#codecs().map(codec => cidText(codec, multihash))
    if (this.path === '') return heads.map(head => `${head}/`)
    return heads.flatMap(head => [`${head}/`, ...this.#paths().map(path => `${head}/${path}`)])
  }

  #codecs(): readonly number[] {
    return this.#codec === RAW || this.#codec === DAG_PB ? USUAL : [this.#codec, ...USUAL]
  }
}

const USUAL = [DAG_PB, RAW]

export const joinPath = (segments: readonly string[]): string => segments.filter(segment => segment !== '').join('/')

/** Version and codec, then room for the usual multihash. */
const usualCid = Uint8Array.of(1, ...new Uint8Array(35))

function cidText(codec: number, multihash: Uint8Array): string {
  if (codec < 0x80 && multihash.byteLength === 34) {
    usualCid[1] = codec
    usualCid.set(multihash, 2)
    return base32.encode(usualCid)
  }
  return base32.encode(Buffer.concat([Uint8Array.of(1), encodeVarint(codec), multihash]))
}

const SHA2_256_HEAD = String.fromCharCode(SHA2_256, 32)

const multihashText = (code: number, text: string): string =>
  code === SHA2_256
    ? SHA2_256_HEAD + nodeHash('sha256', text, 'binary')
    : Buffer.from(multihashOf(code, text)).toString('latin1')

/** The multihash of a text. */
export function multihashOf(code: number, text: string): Uint8Array {
  if (code === SHA2_256) {
    const bytes = new Uint8Array(34)
    bytes[0] = SHA2_256
    bytes[1] = 32
    bytes.set(nodeHash('sha256', text, 'buffer'), 2)
    return bytes
  }
  const digest = hashByCode(code).digest(Buffer.from(text))
  return Buffer.concat([encodeVarint(code), encodeVarint(digest.byteLength), digest])
}
