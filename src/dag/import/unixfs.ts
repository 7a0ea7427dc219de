// UnixFS messages, encoded byte for byte as Kubo does (fields in order of number, blocksizes unpacked).

import { ByteWriter } from './bytes.ts'
import { appendMetadata, type Metadata } from './metadata.ts'

export const UNIXFS_RAW = 0
const DIRECTORY = 1
export const UNIXFS_FILE = 2
const SYMLINK = 4
const HAMT_SHARD = 5
const MURMUR3 = 0x22

function message(type: number, fill: (out: ByteWriter) => void): Uint8Array {
  const out = new ByteWriter()
  out.byte(0x08).byte(type)
  fill(out)
  return out.bytes.subarray(0, out.length)
}

/** A node that has its content in children of the given sizes. */
export const fileMessage = (childBytes: readonly number[], metadata: Metadata): Uint8Array =>
  message(UNIXFS_FILE, out => {
    out.byte(0x18).varint(childBytes.reduce((sum, size) => sum + size, 0))
    for (const size of childBytes) out.byte(0x20).varint(size)
    appendMetadata(out, metadata)
  })

/** What follows the content in the message of a leaf: filesize and metadata. */
export function leafEnd(sizeBytes: number, metadata: Metadata): Uint8Array {
  const out = new ByteWriter()
  out.byte(0x18).varint(sizeBytes)
  appendMetadata(out, metadata)
  return out.bytes.subarray(0, out.length)
}

export const directoryMessage = (metadata: Metadata): Uint8Array =>
  message(DIRECTORY, out => appendMetadata(out, metadata))

export const symlinkMessage = (target: Uint8Array, metadata: Metadata): Uint8Array =>
  message(SYMLINK, out => {
    out.byte(0x12).varint(target.length).append(target)
    appendMetadata(out, metadata)
  })

export const shardMessage = (bitfield: Uint8Array, fanout: number, metadata: Metadata): Uint8Array =>
  message(HAMT_SHARD, out => {
    out.byte(0x12).varint(bitfield.length).append(bitfield)
    out.byte(0x28).byte(MURMUR3)
    out.byte(0x30).varint(fanout)
    appendMetadata(out, metadata)
  })
