// Signed addresses: an HMAC over where content is, until when, and perhaps on which host and for whom; it holds for all below.

import { createHmac, timingSafeEqual } from 'node:crypto'
import { CairnError } from '../../src/errors.ts'
import { encodePath } from '../content/names.ts'

/** The query parameter, and the beginning of the cookies' names. */
export const PARAMETER = 'cairn-signature'

/** What is signed: content and everything below it. */
export interface SignedPlace {
  readonly namespace: 'ipfs' | 'ipns'
  /** A CID as CIDv1 in base32, or a name in its one spelling: the same on every kind of host. */
  readonly root: string
  readonly segments: readonly string[]
}

export interface Grant {
  readonly keyName: string
  /** Seconds since the epoch. */
  readonly expiresSecs: number
  /** The gateway's host with its port, if it holds only there. */
  readonly host?: string | undefined
  /** Leading bits of the client's address, if it holds only for it. */
  readonly client?: { readonly address: string; readonly bits: number } | undefined
}

/** As it stands in the address: `1.KEY.EXPIRES.DEPTH.CONDITIONS.MAC`. */
export interface Token {
  readonly keyName: string
  readonly expiresSecs: number
  /** Segments below the root that were signed. */
  readonly depth: number
  readonly isForHost: boolean
  readonly clientBits: number | undefined
  readonly mac: Buffer
}

export const KEY_NAME = /^[a-z0-9][a-z0-9_-]{0,31}$/

export function signPlace(place: SignedPlace, grant: Grant, key: Uint8Array): string {
  const conditions = `${grant.host === undefined ? '' : 'h'}${grant.client === undefined ? '' : `c${grant.client.bits}`}`
  const mac = macOf(place, grant, key).toString('base64url')
  return ['1', grant.keyName, grant.expiresSecs, place.segments.length, conditions, mac].join('.')
}

/** Undefined for what is none. */
export function parseToken(text: string): Token | undefined {
  const match = /^1\.([a-z0-9][a-z0-9_-]{0,31})\.(\d{1,11})\.(\d{1,4})\.(h?)(?:c(\d{1,3}))?\.([A-Za-z0-9_-]{43})$/.exec(
    text,
  )
  if (match === null) return undefined
  const [, keyName = '', expires, depth, host, bits, mac = ''] = match
  return {
    keyName,
    expiresSecs: Number(expires),
    depth: Number(depth),
    isForHost: host === 'h',
    clientBits: bits === undefined ? undefined : Number(bits),
    mac: Buffer.from(mac, 'base64url'),
  }
}

export interface Presented {
  /** All of the path that is asked for. */
  readonly place: SignedPlace
  readonly host: string
  readonly address: string | undefined
  readonly nowSecs: number
}

/** Why the token does not hold, for people; undefined if it holds. Nothing in the time it takes tells how near it was. */
export function faultOf(token: Token, key: Uint8Array | undefined, presented: Presented): string | undefined {
  const { place, host, address, nowSecs } = presented
  const { keyName, expiresSecs, depth, isForHost, clientBits, mac } = token
  if (key === undefined || place.segments.length < depth) return 'it is not for this address'
  const client = clientBits === undefined ? undefined : { address: address ?? '', bits: clientBits }
  const signed = { ...place, segments: place.segments.slice(0, depth) }
  const wanted = macOf(signed, { keyName, expiresSecs, host: isForHost ? host : undefined, client }, key)
  if (!timingSafeEqual(mac, wanted)) return 'it is not for this address'
  return expiresSecs <= nowSecs ? 'it has expired' : undefined
}

function macOf({ namespace, root, segments }: SignedPlace, grant: Grant, key: Uint8Array): Buffer {
  const { keyName, expiresSecs, host, client } = grant
  // No field can hold a line feed: the path is encoded, the others have been looked at.
  const lines = [
    'cairn-signature-v1',
    keyName,
    String(expiresSecs),
    host === undefined ? '*' : host.toLowerCase(),
    client === undefined ? '*' : `${maskedAddress(client.address, client.bits)}/${client.bits}`,
    `/${namespace}/${root}${encodePath(segments)}`,
  ]
  return createHmac('sha256', key).update(lines.join('\n')).digest()
}

/** Its leading bits as hex; empty for what is no address, which fits no grant. */
export function maskedAddress(address: string, bits: number): string {
  const bytes = bytesOfAddress(address)
  if (bytes === undefined || bits > bytes.byteLength * 8) return ''
  for (let index = 0; index < bytes.byteLength; index++) {
    const kept = Math.min(8, Math.max(0, bits - index * 8))
    bytes[index] = (bytes[index] ?? 0) & (0xff << (8 - kept))
  }
  return bytes.toString('hex')
}

function bytesOfAddress(address: string): Buffer | undefined {
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(address)) {
    const parts = address.split('.').map(Number)
    return parts.some(part => part > 255) ? undefined : Buffer.from(parts)
  }
  if (!URL.canParse(`http://[${address}]/`)) return undefined
  // The URL parser knows every way to write one, and has one way to write it itself.
  const [head = '', tail] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::')
  const [left, right] = [head, tail ?? ''].map(part => (part === '' ? [] : part.split(':')))
  const zeros = tail === undefined ? 0 : 8 - (left?.length ?? 0) - (right?.length ?? 0)
  const groups = [...(left ?? []), ...new Array<string>(zeros).fill('0'), ...(right ?? [])]
  return Buffer.from(groups.map(group => group.padStart(4, '0')).join(''), 'hex')
}

/** `203.0.113.0/24`, or an address alone. */
export function parseClient(text: string): { address: string; bits: number } {
  const [address = '', prefix] = text.split('/')
  const bytes = bytesOfAddress(address)
  const most = (bytes?.byteLength ?? 0) * 8
  const bits = prefix === undefined ? most : Number(prefix)
  if (bytes === undefined || !/^\d*$/.test(prefix ?? '') || bits < 1 || bits > most)
    throw new CairnError('USAGE', `"${text}" is no IP address or range`, {
      hint: 'as in 203.0.113.7 or 203.0.113.0/24',
    })
  return { address, bits }
}
