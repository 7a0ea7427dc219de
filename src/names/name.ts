// Names as people write them: keys in every spelling, domains, and domains squeezed into one DNS label.

import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { base36 } from 'multiformats/bases/base36'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { decode as decodeDigest } from 'multiformats/hashes/digest'
import type { MultihashDigest } from 'multiformats/hashes/interface'
import { LIBP2P_KEY, parseCid } from '../block/cid.ts'
import { checkDigest } from '../block/hash.ts'
import { escapeName } from '../dag/names.ts'
import { CairnError, isCairnError } from '../errors.ts'
import { LIMITS } from '../limits.ts'

/** The multihash of a public key, whatever codec it came with. */
export interface KeyName {
  readonly kind: 'key'
  /** CIDv1 libp2p-key in base36: one spelling for all. */
  readonly text: string
  readonly multihash: MultihashDigest
}

export interface DomainName {
  readonly kind: 'domain'
  readonly text: string
  /** The literal reading of what was taken for an inlined domain, tried if that one has no DNSLink. */
  readonly otherwise?: string
}

export type Name = KeyName | DomainName

/** With or without `/ipns/` before it. BAD_NAME for what can be neither a key nor a domain. */
export function parseName(given: string): Name {
  const text = given.startsWith('/ipns/') ? given.slice('/ipns/'.length) : given
  if (Buffer.byteLength(text) > LIMITS.nameBytes.value) throw badName(text, 'it is too long')
  if (text.includes('.')) return { kind: 'domain', text: parseDomain(text) }
  const multihash = keyOf(text)
  if (multihash !== undefined) return keyName(multihash)
  const literal = parseDomain(text)
  if (!literal.includes('-')) return { kind: 'domain', text: literal }
  const inner = uninlineDomain(literal)
  return isDomain(inner) ? { kind: 'domain', text: inner, otherwise: literal } : { kind: 'domain', text: literal }
}

export function keyName(multihash: MultihashDigest): KeyName {
  return { kind: 'key', text: CID.createV1(LIBP2P_KEY, multihash).toString(base36), multihash }
}

/** BAD_NAME unless it names a key. */
export function parseKey(text: string): KeyName {
  const name = parseName(text)
  if (name.kind === 'key') return name
  throw new CairnError('BAD_NAME', `${shown(text)} is the name of no key`, { hint: 'a key looks like k51… or 12D3…' })
}

/** `--` stands for a hyphen, `-` for a dot. */
export const uninlineDomain = (label: string): string =>
  label.replace(/--|-/g, hyphens => (hyphens === '--' ? '-' : '.'))

/** The other way round, for one label of a subdomain. */
export const inlineDomain = (domain: string): string => domain.replaceAll('-', '--').replaceAll('.', '-')

/** Lower case, punycode, no final dot; BAD_NAME if no domain can be written so. */
function parseDomain(text: string): string {
  const plain = text.endsWith('.') ? text.slice(0, -1) : text
  // Node reads a domain as a part of a URL and would cut it at a slash; beyond ASCII the IDNA rules judge.
  const isPlain = /^[\w.-]*$/.test(plain.replace(/[^\0-\x7f]/g, ''))
  const domain = /[^\w.-]/.test(plain) ? domainToASCII(plain) : plain.toLowerCase()
  if (!isPlain || !isDomain(domain)) throw badName(text, 'it is neither a key nor a domain')
  return domain
}

const isDomain = (text: string): boolean =>
  text.length <= 253 && isIP(text) === 0 && text.split('.').every(label => /^[a-z0-9_-]{1,63}$/.test(label))

function keyOf(text: string): MultihashDigest | undefined {
  try {
    // What peer ids look like: the multihash alone, in base58.
    if (/^(?:1|Qm)[1-9A-HJ-NP-Za-km-z]+$/.test(text)) return checked(decodeDigest(base58btc.decode(`z${text}`)))
    return parseCid(text).multihash
  } catch (error) {
    if (isCairnError(error) && error.code !== 'BAD_CID') throw badName(text, error.message)
    return undefined
  }
}

function checked(multihash: MultihashDigest): MultihashDigest {
  checkDigest(multihash)
  return multihash
}

const badName = (text: string, why: string) => new CairnError('BAD_NAME', `"${shown(text)}" is no name: ${why}`)

/** Names come from anywhere and go to terminals. */
export const shown = (text: string): string => escapeName(text.length > 120 ? `${text.slice(0, 120)}…` : text)
