// The text of a file for a page: as much of it as a page shows, and only if it is text.

import type { CID } from 'multiformats/cid'
import type { BlockSource } from '../../../src/block/source.ts'
import { describeEntry } from '../../../src/dag/resolve.ts'
import { readFile } from '../../../src/dag/unixfs/read.ts'
import { isCairnError } from '../../../src/errors.ts'
import { isBinary, utf16 } from '../sniff.ts'

interface TextOptions {
  readonly signal: AbortSignal
  readonly mostBytes: number
}

/** Undefined if not all of its first bytes are in `source`; empty if it is no text. */
export async function textAtHand(source: BlockSource, cid: CID, options: TextOptions): Promise<string | undefined> {
  const { signal, mostBytes } = options
  try {
    const { kind, sizeBytes } = await describeEntry(source, cid, { signal })
    if (kind !== 'file') return ''
    return decodeText(await head(readFile(source, cid, { signal, length: Math.min(sizeBytes, mostBytes) })))
  } catch (error) {
    if (isCairnError(error, 'BLOCK_NOT_LOCAL')) return undefined
    if (isCairnError(error) && error.code !== 'CANCELLED') return ''
    throw error
  }
}

export async function head(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const kept: Uint8Array[] = []
  for await (const chunk of chunks) kept.push(new Uint8Array(chunk))
  return Buffer.concat(kept)
}

/** Empty for what is no text. A character that the end cuts is left out. */
export function decodeText(bytes: Uint8Array): string {
  const bom = utf16(bytes)
  if (bom !== undefined) return new TextDecoder(bom).decode(bytes, { stream: true })
  return isBinary(bytes) ? '' : new TextDecoder('utf-8').decode(bytes, { stream: true })
}
