// A symlink as UnixFS keeps it: the target, byte for byte.

import { ByteWriter } from './bytes.ts'
import { appendData } from './dag-pb.ts'
import type { Metadata } from './metadata.ts'
import { symlinkMessage } from './unixfs.ts'
import type { BlockWriter, Child } from './writer.ts'

export function writeSymlink(writer: BlockWriter, target: Uint8Array, metadata: Metadata): Child {
  const out = new ByteWriter()
  appendData(out, symlinkMessage(target, metadata))
  return writer.node(out.copy(), { fileBytes: 0, belowBytes: 0, hasLinks: false })
}
