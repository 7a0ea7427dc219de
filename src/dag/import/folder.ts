// A folder being built: its links are encoded as they come, so that it holds no more than its block will.

import type { CID } from 'multiformats/cid'
import { CairnError } from '../../errors.ts'
import { ByteWriter } from './bytes.ts'
import { appendData, appendLink, dataFieldBytes, nameBytes, readLink } from './dag-pb.ts'
import { writeShards } from './hamt.ts'
import type { Metadata } from './metadata.ts'
import { directoryMessage } from './unixfs.ts'
import type { BlockWriter, Child } from './writer.ts'

const SHARD_ABOVE_BYTES = 256 * 1024

export class Folder {
  readonly metadata: Metadata
  readonly #writer: BlockWriter
  #links = new ByteWriter()
  #count = 0
  /** Names and CIDs alone, which is what the older rule of sharding looks at. */
  #nameAndCidBytes = 0
  #belowBytes = 0
  #lastName = ''
  #inOrder = true

  constructor(writer: BlockWriter, metadata: Metadata) {
    this.#writer = writer
    this.metadata = metadata
  }

  add(name: string, { cid, totalBytes }: { cid: CID; totalBytes: number }): void {
    const length = nameBytes(name)
    appendLink(this.#links, { cid: cid.bytes, name, length, size: totalBytes })
    this.#inOrder &&= this.#count === 0 || compareNames(this.#lastName, name) < 0
    this.#lastName = name
    this.#count++
    this.#nameAndCidBytes += length + cid.bytes.length
    this.#belowBytes += totalBytes
  }

  /** Resolves when all its blocks are put; the plain case needs no waiting. */
  finish(): Child | Promise<Child> {
    if (!this.#inOrder) this.#sort()
    const data = directoryMessage(this.metadata)
    const links = this.#links
    if (this.#mustShard(links.length + dataFieldBytes(data)))
      return writeShards(this.#writer, links.bytes.subarray(0, links.length), {
        count: this.#count,
        metadata: this.metadata,
      })
    appendData(links, data)
    return this.#writer.node(links.copy(), {
      fileBytes: 0,
      belowBytes: this.#belowBytes,
      hasLinks: this.#count > 0,
    })
  }

  #mustShard(blockBytes: number): boolean {
    const { folderLinks, folderSize } = this.#writer.recipe
    const size = folderSize === 'block' ? blockBytes : this.#nameAndCidBytes
    // An empty folder is never sharded, whatever its metadata take.
    return this.#count > 0 && (size > SHARD_ABOVE_BYTES || (folderLinks > 0 && this.#count > folderLinks))
  }

  /** Several inputs come as they were given; everything read from disk is in order already. */
  #sort(): void {
    const unsorted = this.#links
    const { bytes } = unsorted
    const links: { name: Uint8Array; start: number; end: number }[] = []
    for (let start = 0; start < unsorted.length; ) {
      const { name, end } = readLink(bytes, start)
      links.push({ name, start, end })
      start = end
    }
    links.sort((a, b) => Buffer.compare(a.name, b.name))
    this.#links = new ByteWriter()
    for (const [index, { name, start, end }] of links.entries()) {
      const previous = links[index - 1]
      if (previous !== undefined && Buffer.compare(previous.name, name) === 0)
        throw new CairnError('USAGE', `two entries of one folder are named "${Buffer.from(name)}"`)
      this.#links.append(bytes.subarray(start, end))
    }
  }
}

/** The order of the UTF-8 bytes, which for characters beyond U+FFFF is not that of JavaScript's strings. */
export function compareNames(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length)
  for (let i = 0; i < shorter; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return rank(x) - rank(y)
  }
  return a.length - b.length
}

/** Surrogates come after everything else. */
const rank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit)
