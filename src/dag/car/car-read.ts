// Reading CARs (v1 and v2) as a stream: one section at a time, every length checked before anything is held for it (H12).

import type { CID } from 'multiformats/cid'
import { cidAt, cidEnd } from '../../block/cid-bytes.ts'
import type { Wait } from '../../block/source.ts'
import { CairnError, isCairnError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import { ByteStream } from '../byte-stream.ts'
import { parseCarHeader } from './car-header.ts'

export interface CarBlock {
  readonly cid: CID
  /** May be a view into what came from the stream; nobody has hashed it yet. */
  readonly bytes: Uint8Array
}

export interface Car {
  /** The header is read when this or the first block is asked for. */
  readonly roots: Promise<CID[]>
  /** To be iterated once. */
  readonly blocks: AsyncGenerator<CarBlock>
}

/** BAD_CAR with the offset for what is no CAR, LIMIT for what is too large; the blocks before the fault have been given by then. */
export function readCar(content: AsyncIterable<Uint8Array>, options: Wait): Car {
  const reader = new CarReader(new ByteStream(content, options))
  return {
    get roots() {
      return reader.roots()
    },
    blocks: reader.blocks(),
  }
}

/** Pragma of CARv2: what a v1 reader takes for a header of version 2. */
const PRAGMA = Buffer.from('0aa16776657273696f6e02', 'hex')
const V2_HEADER_BYTES = 40

class CarReader {
  readonly #stream: ByteStream
  #roots: Promise<CID[]> | undefined
  /** Offset where the payload ends; a CARv1 ends with its stream. */
  #end: number | undefined

  constructor(stream: ByteStream) {
    this.#stream = stream
  }

  roots(): Promise<CID[]> {
    if (this.#roots === undefined) {
      this.#roots = this.#readHeader()
      // Whoever iterates the blocks gets the failure there.
      this.#roots.catch(() => {})
    }
    return this.#roots
  }

  async *blocks(): AsyncGenerator<CarBlock> {
    try {
      await this.roots()
      for (;;) {
        const block = await this.#readSection()
        if (block === undefined) break
        yield block
      }
      // The index of a CARv2 is of no use to us, but its sender must be able to send it.
      if (this.#end !== undefined) await this.#stream.skip(Number.POSITIVE_INFINITY)
    } finally {
      await this.#stream.close()
    }
  }

  async #readHeader(): Promise<CID[]> {
    const first = await this.#readFramedHeader()
    if (Buffer.compare(first, PRAGMA.subarray(1)) !== 0) return this.#parseHeader(first)
    await this.#readV2Header()
    const inner = await this.#readFramedHeader()
    return this.#parseHeader(inner)
  }

  async #readFramedHeader(): Promise<Uint8Array> {
    const at = this.#stream.offset
    const length = await this.#readLength('header')
    if (length === undefined) throw badCar('it is empty', at)
    if (length === 0) throw badCar('its header is empty', at)
    const { value: most } = LIMITS.carHeaderBytes
    if (length > most)
      throw new CairnError('LIMIT', `the CAR has a header of ${length} bytes, more than the ${most} allowed`)
    this.#checkInside(length, 'header', at)
    const bytes = await this.#stream.take(length)
    if (bytes === undefined) throw badCar('it ends inside its header', this.#stream.offset)
    return bytes
  }

  #parseHeader(bytes: Uint8Array): CID[] {
    try {
      // Roots outlive the chunk that they came in.
      return parseCarHeader(new Uint8Array(bytes))
    } catch (cause) {
      throw isCairnError(cause, 'BAD_BLOCK') ? badCar('it has no valid header', this.#stream.offset, cause) : cause
    }
  }

  async #readV2Header(): Promise<void> {
    const at = this.#stream.offset
    const bytes = await this.#stream.take(V2_HEADER_BYTES)
    if (bytes === undefined) throw badCar('it ends inside the fixed header of a CARv2', this.#stream.offset)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    // Above 2^53 they round, which is far beyond any file.
    const dataOffset = Number(view.getBigUint64(16, true))
    const dataSize = Number(view.getBigUint64(24, true))
    if (dataOffset < this.#stream.offset)
      throw badCar(`it places its payload inside its own header, at ${dataOffset}`, at)
    if (dataSize === 0) throw badCar('it has no payload', at)
    if (!(await this.#stream.skip(dataOffset - this.#stream.offset)))
      throw badCar(`it ends before its payload, which is to begin at ${dataOffset}`, this.#stream.offset)
    this.#end = dataOffset + dataSize
  }

  async #readSection(): Promise<CarBlock | undefined> {
    const at = this.#stream.offset
    if (at === this.#end) return undefined
    const length = await this.#readLength('section')
    if (length === undefined) {
      if (this.#end === undefined) return undefined
      throw badCar(`it ends before its payload does, at ${this.#end}`, at)
    }
    if (length === 0) throw badCar('a section is empty', at)
    const { value: most } = LIMITS.carSectionBytes
    if (length > most)
      throw badCar(`a section announces ${length} bytes, more than the ${most} that a block can have`, at)
    this.#checkInside(length, 'section', at)
    const section = await this.#stream.take(length)
    if (section === undefined) throw badCar(`it ends inside the section that begins at ${at}`, this.#stream.offset)
    return this.#parseSection(section, at)
  }

  #parseSection(section: Uint8Array, at: number): CarBlock {
    try {
      const end = cidEnd(section, 0)
      if (end > section.byteLength) throw badCar('a section ends inside its CID', at)
      // The CID is kept by those who keep the block's key, long after the chunk around it.
      return { cid: cidAt(new Uint8Array(section.subarray(0, end)), 0, end), bytes: section.subarray(end) }
    } catch (cause) {
      throw isCairnError(cause, 'BAD_BLOCK') ? badCar('a section does not begin with a CID', at, cause) : cause
    }
  }

  #checkInside(length: number, what: string, at: number): void {
    if (this.#end !== undefined && this.#stream.offset + length > this.#end)
      throw badCar(`a ${what} goes beyond the payload`, at)
  }

  /** Undefined if the stream has ended before it. */
  async #readLength(what: string): Promise<number | undefined> {
    const at = this.#stream.offset
    let value = 0
    for (let index = 0, factor = 1; index < 10; index++, factor *= 128) {
      const byte = this.#stream.heldByte() ?? (await this.#stream.byte())
      if (byte === undefined) {
        if (index === 0) return undefined
        throw badCar(`it ends inside the length of a ${what}`, this.#stream.offset)
      }
      value += (byte & 0x7f) * factor
      if (byte < 0x80) {
        if (byte === 0 && index > 0) throw badCar(`the length of a ${what} has more bytes than it needs`, at)
        return value
      }
    }
    throw badCar(`the length of a ${what} has more than 64 bits`, at)
  }
}

const badCar = (what: string, offset: number, cause?: unknown) =>
  new CairnError('BAD_CAR', `not a sound CAR: ${what} (offset ${offset})`, { cause })
