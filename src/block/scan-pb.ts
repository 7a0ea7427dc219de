// dag-pb nodes by scanning: where their parts lie, without an object for each link that nobody asks for.

import { checkCidAt } from './cid-bytes.ts'
import { malformed, readVarint, varintEnd } from './varint.ts'

/** One link as ranges of the block. `nameStart` is -1 if the link has no name field, `totalBytes` 0 if it has no Tsize. */
export type OnPbLink = (
  cidStart: number,
  cidEnd: number,
  nameStart: number,
  nameEnd: number,
  totalBytes: number,
) => void

const DATA = 0x0a
const LINK = 0x12
const HASH = 0x0a
const NAME = 0x12
const TSIZE = 0x18

/**
 * Calls `onLink` for each link in stored order and returns the Data field. As strict as the specification's readers:
 * fields in order, none twice, none unknown; Data before or after all links, never between them.
 */
export function scanPb(bytes: Uint8Array, onLink?: OnPbLink): Uint8Array | undefined {
  let data: Uint8Array | undefined
  let linksBeforeData = false
  let links = 0
  for (let at = 0; at < bytes.length; ) {
    const field = bytes[at]
    const length = readVarint(bytes, at + 1)
    const start = varintEnd
    const end = start + length
    if (end > bytes.length) throw malformed('ends inside a field', at)
    if (field === LINK) {
      if (linksBeforeData) throw malformed('has its Data between links', at)
      links++
      scanLink(bytes, start, end, onLink)
    } else if (field === DATA) {
      if (data !== undefined) throw malformed('has two Data fields', at)
      data = bytes.subarray(start, end)
      linksBeforeData = links > 0
    } else {
      throw malformed(`has a field that dag-pb does not know (0x${field?.toString(16)})`, at)
    }
    at = end
  }
  return data
}

function scanLink(bytes: Uint8Array, start: number, end: number, onLink: OnPbLink | undefined): void {
  if (bytes[start] !== HASH || start === end) throw malformed('has a link without a hash', start)
  const hashLength = readVarint(bytes, start + 1)
  const cidStart = varintEnd
  const cidEnd = cidStart + hashLength
  if (cidEnd > end) throw malformed('has a link that ends inside its hash', cidStart)
  checkCidAt(bytes, cidStart, cidEnd)
  let at = cidEnd
  let nameStart = -1
  let nameEnd = -1
  if (at < end && bytes[at] === NAME) {
    const nameLength = readVarint(bytes, at + 1)
    nameStart = varintEnd
    nameEnd = nameStart + nameLength
    if (nameEnd > end) throw malformed('has a link that ends inside its name', nameStart)
    at = nameEnd
  }
  let totalBytes = 0
  if (at < end && bytes[at] === TSIZE) {
    totalBytes = readVarint(bytes, at + 1)
    at = varintEnd
  }
  if (at !== end) throw malformed('has a link with fields that do not belong there', at)
  onLink?.(cidStart, cidEnd, nameStart, nameEnd, totalBytes)
}
