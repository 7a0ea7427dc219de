// dag-pb blocks in their one canonical form: links first, each with hash, name and size, then the data.

import { type ByteWriter, varintBytes, writeVarint } from './bytes.ts'

const encoder = new TextEncoder()

/** Most bytes that the fields of a link take beside its CID and its name. */
const LINK_OVERHEAD = 32

/** Bytes of a name in UTF-8; names are mostly ASCII, for which asking the runtime costs more than looking. */
export function nameBytes(name: string): number {
  for (let i = 0; i < name.length; i++) if (name.charCodeAt(i) > 0x7f) return Buffer.byteLength(name)
  return name.length
}

/** Appends one link; `length` is `nameBytes(name)`. */
export function appendLink(
  out: ByteWriter,
  link: { cid: Uint8Array; name: string; length: number; size: number },
): void {
  const { cid, name, length, size } = link
  const inner = 2 + varintBytes(length) + varintBytes(cid.length) + cid.length + length + 1 + varintBytes(size)
  out.reserve(inner + LINK_OVERHEAD)
  const { bytes } = out
  let at = out.length
  bytes[at++] = 0x12
  at = writeVarint(bytes, at, inner)
  bytes[at++] = 0x0a
  at = writeVarint(bytes, at, cid.length)
  bytes.set(cid, at)
  at += cid.length
  bytes[at++] = 0x12
  at = writeVarint(bytes, at, length)
  if (length === name.length) for (let i = 0; i < length; i++) bytes[at + i] = name.charCodeAt(i)
  else encoder.encodeInto(name, bytes.subarray(at, at + length))
  at += length
  bytes[at++] = 0x18
  out.length = writeVarint(bytes, at, size)
}

export function appendData(out: ByteWriter, data: Uint8Array): void {
  out.byte(0x0a).varint(data.length).append(data)
}

/** Bytes that `appendData` will add. */
export const dataFieldBytes = (data: Uint8Array): number => 1 + varintBytes(data.length) + data.length

/** A link read back from what `appendLink` wrote. */
export interface LinkView {
  readonly cid: Uint8Array
  readonly name: Uint8Array
  readonly size: number
  /** Where the next link begins. */
  readonly end: number
}

/** Reads our own writing only: nothing is checked. */
export function readLink(bytes: Uint8Array, start: number): LinkView {
  let at = start + 1
  const varint = (): number => {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = bytes[at++] ?? 0
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 0x80
    }
  }
  const field = (): Uint8Array => {
    at++
    const length = varint()
    at += length
    return bytes.subarray(at - length, at)
  }
  varint()
  const cid = field()
  const name = field()
  at++
  const size = varint()
  return { cid, name, size, end: at }
}
