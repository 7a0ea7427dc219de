// The Content-Type of a file: by its name, else by its first bytes (spec: gateway §2.3).

import { lookup } from 'mrmime'
import { isBinary, isUtf8, sniff, utf16 } from './sniff.ts'

/** As many first bytes as are looked at. */
export const SNIFF_BYTES = 3072
/** For a range: so few that no block but the first is needed. */
export const RANGE_SNIFF_BYTES = 512
/** Where the table of extensions is silent, or means another format than what people store. */
const BY_EXTENSION = new Map(
  Object.entries({
    '7z': 'application/x-7z-compressed',
    car: 'application/vnd.ipld.car',
    cjs: 'text/javascript',
    flac: 'audio/flac',
    ico: 'image/vnd.microsoft.icon',
    mkv: 'video/x-matroska',
    mts: 'text/plain',
    ndjson: 'application/x-ndjson',
    rs: 'text/plain',
    tar: 'application/x-tar',
    ts: 'text/plain',
  }),
)

/** Undefined if the name does not tell. */
export function typeByName(name: string): string | undefined {
  const dot = name.lastIndexOf('.')
  if (dot === -1 || dot === name.length - 1) return undefined
  const extension = name.slice(dot + 1).toLowerCase()
  const known: unknown = BY_EXTENSION.get(extension) ?? lookup(extension)
  // The library's table is a plain object: `constructor` is in it too.
  return typeof known === 'string' ? known : undefined
}

/** The type of a file of `sizeBytes` that begins with `head`; a name wins over what the bytes look like. */
export function contentType({ name, head, sizeBytes }: { name: string; head: Uint8Array; sizeBytes: number }): string {
  const named = typeByName(name)
  if (named !== undefined) return withCharset(named, head, sizeBytes)
  if (sizeBytes === 0) return 'text/plain'
  return sniff(head, sizeBytes)
}

/** For a range that does not begin at the start: the bytes that would tell may not even be there. */
export function typeWithoutBytes(name: string): string {
  const named = typeByName(name) ?? 'application/octet-stream'
  return isText(named) ? `${named}; charset=utf-8` : named
}

/** Pages say their charset themselves. */
const isText = (type: string): boolean => type.startsWith('text/') && type !== 'text/html'

/** A charset that contradicts the bytes is worse than none (RFC 9110 §8.3.2); of what is no text it says nothing. */
function withCharset(type: string, head: Uint8Array, sizeBytes: number): string {
  if (!isText(type)) return type
  const bom = utf16(head)
  if (bom !== undefined) return `${type}; charset=${bom}`
  const isOther = !isBinary(head) && !isUtf8(head, head.byteLength < sizeBytes)
  return isOther ? type : `${type}; charset=utf-8`
}
