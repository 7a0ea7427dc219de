// An inner node of a file: links to its parts, and how much content each holds.

import { ByteWriter } from './bytes.ts'
import { appendData, appendLink } from './dag-pb.ts'
import type { Metadata } from './metadata.ts'
import { fileMessage } from './unixfs.ts'
import type { BlockWriter, Child } from './writer.ts'

/** Takes the parts of a file in order and gives its root. */
export interface Layout {
  add(leaf: Child): void
  finish(metadata: Metadata): Child
}

export function writeFileNode(writer: BlockWriter, parts: readonly Child[], metadata: Metadata): Child {
  const out = new ByteWriter()
  for (const { cid, totalBytes } of parts) appendLink(out, { cid: cid.bytes, name: '', length: 0, size: totalBytes })
  const sizes = parts.map(part => part.fileBytes)
  appendData(out, fileMessage(sizes, metadata))
  return writer.node(out.copy(), {
    fileBytes: sizes.reduce((sum, size) => sum + size, 0),
    belowBytes: parts.reduce((sum, part) => sum + part.totalBytes, 0),
    hasLinks: parts.length > 0,
  })
}
