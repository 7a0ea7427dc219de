// The header of a CARv1: `{ roots: [CID…], version: 1 }` as DAG-CBOR, read and written by hand so that nothing else passes.

import type { CID } from 'multiformats/cid'
import { cidAt } from '../../block/cid-bytes.ts'
import { BYTES, cborHead, LIST, MAP, TAG, TEXT, UINT } from '../../block/scan-cbor.ts'
import { encodeVarint, malformed } from '../../block/varint.ts'
import { CairnError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'

const LINK_TAG = 42

/** BAD_BLOCK with the place if it is anything else; LIMIT for too many roots. The CIDs are views into `bytes`. */
export function parseCarHeader(bytes: Uint8Array): CID[] {
  const map = cborHead(bytes, 0)
  if (map.major !== MAP || map.value !== 2) throw malformed('is not a map of roots and version', 0)
  let roots: CID[] | undefined
  let hasVersion = false
  let at = map.next
  for (let entry = 0; entry < 2; entry++) {
    const key = cborHead(bytes, at)
    if (key.major !== TEXT) throw malformed('has a key that is not text', at)
    const end = key.next + key.value
    const name = Buffer.from(bytes.subarray(key.next, end)).toString('latin1')
    if (name === 'version' && !hasVersion) {
      at = readVersion(bytes, end)
      hasVersion = true
    } else if (name === 'roots' && roots === undefined) {
      roots = []
      at = readRoots(bytes, end, roots)
    } else throw malformed('has other keys than roots and version', at)
  }
  if (at !== bytes.byteLength) throw malformed('goes on after its map', at)
  return roots as CID[]
}

function readVersion(bytes: Uint8Array, at: number): number {
  const { major, value, next } = cborHead(bytes, at)
  if (major !== UINT || value !== 1) throw malformed('is not of version 1', at)
  return next
}

function readRoots(bytes: Uint8Array, start: number, roots: CID[]): number {
  const list = cborHead(bytes, start)
  if (list.major !== LIST) throw malformed('has roots that are no list', start)
  if (list.value > LIMITS.carRoots.value) {
    throw new CairnError('LIMIT', `the CAR names ${list.value} roots, more than the ${LIMITS.carRoots.value} allowed`)
  }
  let at = list.next
  for (let index = 0; index < list.value; index++) {
    const tag = cborHead(bytes, at)
    const link = tag.major === TAG && tag.value === LINK_TAG ? cborHead(bytes, tag.next) : undefined
    const end = link === undefined ? 0 : link.next + link.value
    if (link?.major !== BYTES || end > bytes.byteLength || bytes[link.next] !== 0)
      throw malformed('has a root that is no CID', at)
    roots.push(cidAt(bytes, link.next + 1, end))
    at = end
  }
  return at
}

/** With the varint of its length in front. */
export function encodeCarHeader(root: CID): Uint8Array {
  const length = root.bytes.byteLength + 1
  const lengthBytes = length < 24 ? [0x40 | length] : length < 256 ? [0x58, length] : [0x59, length >> 8, length & 255]
  const header = Buffer.concat([
    Buffer.from([0xa2, 0x65]),
    Buffer.from('roots'),
    Buffer.from([0x81, 0xd8, LINK_TAG, ...lengthBytes, 0]),
    root.bytes,
    Buffer.from([0x67]),
    Buffer.from('version'),
    Buffer.from([1]),
  ])
  return Buffer.concat([encodeVarint(header.byteLength), header])
}
