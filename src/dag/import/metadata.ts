// What UnixFS 1.5 can keep of a file beside its content: permissions and modification time.

import type { BigIntStats } from 'node:fs'
import type { ByteWriter } from './bytes.ts'

export interface Mtime {
  readonly secs: bigint
  readonly nsecs: number
}

export interface Metadata {
  /** The twelve permission bits. Undefined: not stored. */
  readonly mode?: number
  readonly mtime?: Mtime
}

/** Where metadata comes from: forced on everything, taken from each file, or (the default) nowhere. */
export interface MetadataRules {
  readonly forced: Metadata
  readonly preserveMode: boolean
  readonly preserveMtime: boolean
}

export const NO_METADATA: Metadata = {}

export const readsStat = (rules: MetadataRules): boolean => rules.preserveMode || rules.preserveMtime

const NSECS = 1_000_000_000n

/** `stat` is undefined for what has none: streams and the wrapping folder. */
export function metadataOf(rules: MetadataRules, stat: BigIntStats | undefined): Metadata {
  if (stat === undefined || !readsStat(rules)) return rules.forced
  const nsecs = ((stat.mtimeNs % NSECS) + NSECS) % NSECS
  return {
    ...rules.forced,
    ...(rules.preserveMode && { mode: Number(stat.mode) & 0o7777 }),
    ...(rules.preserveMtime && { mtime: { secs: (stat.mtimeNs - nsecs) / NSECS, nsecs: Number(nsecs) } }),
  }
}

/** Kubo keeps a mode of zero on folders and drops it from files; symlinks have none. */
export function forFile({ mode, mtime }: Metadata): Metadata {
  return { ...(mode !== undefined && mode !== 0 && { mode }), ...(mtime !== undefined && { mtime }) }
}

export const forSymlink = ({ mtime }: Metadata): Metadata => (mtime === undefined ? NO_METADATA : { mtime })

export const isEmptyMetadata = ({ mode, mtime }: Metadata): boolean => mode === undefined && mtime === undefined

/** Fields 7 and 8 of the UnixFS message. */
export function appendMetadata(out: ByteWriter, { mode, mtime }: Metadata): void {
  if (mode !== undefined) out.byte(0x38).varint(mode)
  if (mtime === undefined) return
  const lengthAt = out.byte(0x42).byte(0).length - 1
  out.byte(0x08).varint64(mtime.secs)
  if (mtime.nsecs > 0) out.byte(0x15).fixed32(mtime.nsecs)
  out.bytes[lengthAt] = out.length - lengthAt - 1
}
