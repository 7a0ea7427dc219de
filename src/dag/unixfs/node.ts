// A dag-pb block as UnixFS has it: its message, and its links as ranges of the block.

import type { CID } from 'multiformats/cid'
import { cidAt } from '../../block/cid-bytes.ts'
import { scanPb } from '../../block/scan-pb.ts'
import { badBlock, readingBlock } from '../blocks.ts'
import { parseUnixfs, type Unixfs } from './unixfs.ts'

export interface UnixfsNode {
  readonly cid: CID
  readonly bytes: Uint8Array
  readonly unixfs: Unixfs
  readonly links: Links
}

/** Objects for links are made when they are asked for: a folder of 50,000 entries is one array of numbers until then. */
export class Links {
  readonly #bytes: Uint8Array
  readonly #ranges: readonly number[]

  constructor(bytes: Uint8Array, ranges: readonly number[]) {
    this.#bytes = bytes
    this.#ranges = ranges
  }

  get count(): number {
    return this.#ranges.length / PER_LINK
  }

  /** A view into the block, which it keeps in memory: for CIDs that are used up soon. */
  cidView(index: number): CID {
    return cidAt(this.#bytes, this.#at(index, 0), this.#at(index, 1))
  }

  cid(index: number): CID {
    const bytes = Uint8Array.prototype.slice.call(this.#bytes, this.#at(index, 0), this.#at(index, 1))
    return cidAt(bytes, 0, bytes.byteLength)
  }

  /** The bytes of the name, without its first `skip`; none if the link has no name. */
  name(index: number, skip = 0): Uint8Array {
    const start = this.#at(index, 2)
    return start < 0 ? NO_NAME : this.#bytes.subarray(start + skip, this.#at(index, 3))
  }

  nameLength(index: number): number {
    return this.#at(index, 3) - this.#at(index, 2)
  }

  totalBytes(index: number): number {
    return this.#at(index, 4)
  }

  /** The first link whose name, without `skip` bytes, is `name`; -1 if there is none. */
  find(name: Uint8Array): number {
    for (let index = 0; index < this.count; index++) {
      if (this.nameLength(index) === name.byteLength && Buffer.compare(this.name(index), name) === 0) return index
    }
    return -1
  }

  #at(index: number, part: number): number {
    return this.#ranges[index * PER_LINK + part] as number
  }
}

const PER_LINK = 5
const NO_NAME = new Uint8Array(0)

/** BAD_BLOCK if it is not dag-pb, or not UnixFS. */
export function readNode(cid: CID, bytes: Uint8Array): UnixfsNode {
  return readingBlock(cid, () => {
    const { data, links } = scanNode(bytes)
    if (data === undefined) throw badBlock(cid, 'is dag-pb without UnixFS data')
    const unixfs = parseUnixfs(data)
    if (isContent(unixfs) && unixfs.blockSizes.length !== links.count) {
      throw badBlock(cid, `is a file of ${links.count} parts with ${unixfs.blockSizes.length} sizes`)
    }
    return { cid, bytes, unixfs, links }
  })
}

function scanNode(bytes: Uint8Array): { readonly data: Uint8Array | undefined; readonly links: Links } {
  const ranges: number[] = []
  const data = scanPb(bytes, (cidStart, cidEnd, nameStart, nameEnd, totalBytes) => {
    ranges.push(cidStart, cidEnd, nameStart, nameEnd, totalBytes)
  })
  return { data, links: new Links(bytes, ranges) }
}

/** What every UnixFS message begins with: its type. */
const TYPE_FIELD = 0x08

/** The links of a dag-pb node that has another use than UnixFS; undefined for what is, or was meant to be, UnixFS. */
export function linksOfPlainNode(cid: CID, bytes: Uint8Array): Links | undefined {
  const { data, links } = readingBlock(cid, () => scanNode(bytes))
  return data === undefined || data[0] !== TYPE_FIELD ? links : undefined
}

/** Whether a dag-pb block has data at all: without it, it is a sound node of some other use. */
export const hasUnixfs = (cid: CID, bytes: Uint8Array): boolean => readingBlock(cid, () => scanPb(bytes)) !== undefined

/** Whether it holds the bytes of a file; `raw` is the old type of leaves. */
export const isContent = ({ type }: Unixfs): boolean => type === 'file' || type === 'raw'

export const nameText = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
