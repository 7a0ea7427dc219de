// One line of a denylist: which multihash, name, path or hash it names, and whether it blocks or allows (IPIP-383).

import { decode } from 'multiformats/hashes/digest'
import { parseCid } from '../block/cid.ts'
import { checkDigest, hashByCode, SHA2_256 } from '../block/hash.ts'
import { normalizeSegments } from '../dag/path.ts'
import { NOT_THAT_BASE, readBase32, readBase58, readHex, writeBase58 } from './base-text.ts'
import { parseName } from './name-text.ts'
import { KEY, type KeyKind } from './rule-keys.ts'
import { joinPath, multihashOf } from './subject.ts'

/** The bytes are good until the next line is read. */
export type Item =
  | { readonly kind: KeyKind; readonly bytes: Uint8Array; readonly code: number }
  | { readonly kind: 'prefix'; readonly place: string; readonly prefix: string }

export interface RuleLine {
  readonly isAllowed: boolean
  readonly item: Item
  /** What stands behind the item, as it is. */
  readonly hints: string
}

/** What is wrong with a line, for the report. */
export class BadLine extends Error {}

const [SPACE, TAB, CR, HASH, BANG, SLASH] = [0x20, 0x09, 0x0d, 0x23, 0x21, 0x2f]
const out = new Uint8Array(512)

/** Undefined for what is no rule: a comment, an empty line. BadLine if it is meant to be one. */
export function readLine(text: Uint8Array, from: number, to: number): RuleLine | undefined {
  let [start, end] = [from, to]
  while (start < end && isBlank(text[start] as number)) start++
  while (end > start && isBlank(text[end - 1] as number)) end--
  if (start === end || text[start] === HASH) return undefined
  const isAllowed = text[start] === BANG
  if (isAllowed) start++
  let stop = start
  while (stop < end && !isBlank(text[stop] as number)) stop++
  const item = readItem(text, start, stop)
  return { isAllowed, item, hints: stop < end ? latin(text, stop, end).trim() : '' }
}

const isBlank = (byte: number): boolean => byte === SPACE || byte === TAB || byte === CR

/** Every item begins with a slash; its second character tells the hashed ones. */
function readItem(text: Uint8Array, start: number, end: number): Item {
  if (text[start] !== SLASH) throw new BadLine('is no rule: rules begin with /ipfs/, /ipns/ or //')
  if (text[start + 1] === SLASH) return readHashed(text, start + 2, end)
  const space = start + 6 < end ? latin(text, start, start + 6) : ''
  if (space !== '/ipfs/' && space !== '/ipns/') throw new BadLine('names neither /ipfs/ nor /ipns/ and something in it')
  let slash = text.indexOf(SLASH, start + 6)
  if (slash === -1 || slash > end) slash = end
  const path = slash + 1 < end ? utf8(text, slash + 1, end) : ''
  return space === '/ipfs/'
    ? withPath({ isName: false, root: readCid(text, start + 6, slash) }, path)
    : withPath({ isName: true, root: readName(text, start + 6, slash) }, path)
}

interface Root {
  readonly isName: boolean
  /** Multihash, or a DNS name. */
  readonly root: Uint8Array | string
}

function withPath({ isName, root }: Root, path: string): Item {
  // `/*` is the root with all below it, which is what its own rule says too.
  if (path === '' || path === '*') {
    if (!isName) return { kind: KEY.block, bytes: root as Uint8Array, code: 0 }
    if (typeof root !== 'string') return { kind: KEY.name, bytes: root, code: 0 }
    return hashedText(`/ipns/${root}`)
  }
  const name = typeof root === 'string' ? root : writeBase58(root)
  const place = isName ? `/ipns/${name}` : name
  if (!path.endsWith('*')) {
    const names = joinPath(normalized(path))
    return names === '' ? withPath({ isName, root }, '') : hashedText(`${place}/${names}`)
  }
  const [, head = '', last = ''] = /^(.*\/)?([^/]*)$/s.exec(path.slice(0, -1)) ?? []
  const names = joinPath(normalized(head))
  return { kind: 'prefix', place, prefix: `${names}${names === '' ? '' : '/'}${decodePercent(last)}` }
}

const hashedText = (text: string): Item => ({ kind: KEY.hashed, bytes: multihashOf(SHA2_256, text), code: SHA2_256 })

function normalized(path: string): string[] {
  try {
    return normalizeSegments(path.split('/').map(decodePercent))
  } catch (cause) {
    throw cause instanceof BadLine ? cause : new BadLine('has a path that leads out of its root')
  }
}

function decodePercent(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    throw new BadLine('has a path that is not percent-encoded UTF-8')
  }
}

/** The multihash of a CID. Nearly all are CIDv1 in base32, or CIDv0, of sha2-256: they are read in place. */
function readCid(text: Uint8Array, start: number, end: number): Uint8Array {
  if (end - start === 59 && text[start] === 0x62) {
    const length = readBase32(text, start + 1, end, out)
    if (length === 36 && out[0] === 1 && (out[1] as number) < 0x80 && out[2] === SHA2_256 && out[3] === 32)
      return out.subarray(2, 36)
  }
  if (end - start === 46 && text[start] === 0x51) {
    const length = readBase58(text, start, end, out)
    if (length === 34 && out[0] === SHA2_256 && out[1] === 32) return out.subarray(0, 34)
  }
  const shown = latin(text, start, Math.min(end, start + 300))
  if (end - start > 300 || shown === '') throw new BadLine('names no CID')
  try {
    return parseCid(shown).multihash.bytes
  } catch {
    throw new BadLine('names something that is not a CID')
  }
}

function readName(text: Uint8Array, start: number, end: number): Uint8Array | string {
  const shown = end - start > 300 ? '' : utf8(text, start, end)
  const name = parseName(shown)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (name === '*' || name === '' || (typeof name === 'string' && /[\u0000-\u0020*]/.test(name)))
    throw new BadLine('names no IPNS name')
  return name
}

function readHashed(text: Uint8Array, start: number, end: number): Item {
  if (end - start === 64) {
    const length = readHex(text, start, end, out)
    if (length === 32) return { kind: KEY.legacy, bytes: out.subarray(0, 32), code: 0 }
  }
  const length = readBase58(text, start, end, out)
  if (length === NOT_THAT_BASE || length < 4) throw new BadLine('is neither a base58 multihash nor 64 hex digits')
  const bytes = out.subarray(0, length)
  if (length === 34 && bytes[0] === SHA2_256 && bytes[1] === 32) return { kind: KEY.hashed, bytes, code: SHA2_256 }
  try {
    const multihash = decode(bytes)
    checkDigest(multihash)
    hashByCode(multihash.code)
    return { kind: KEY.hashed, bytes: multihash.bytes, code: multihash.code }
  } catch {
    throw new BadLine('is hashed by a function that is not known here, or has the wrong length')
  }
}

const view = (text: Uint8Array, start: number, end: number): Buffer =>
  Buffer.from(text.buffer, text.byteOffset + start, end - start)
const latin = (text: Uint8Array, start: number, end: number): string => view(text, start, end).toString('latin1')
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function utf8(text: Uint8Array, start: number, end: number): string {
  try {
    return strict.decode(view(text, start, end))
  } catch {
    throw new BadLine('is not UTF-8')
  }
}
