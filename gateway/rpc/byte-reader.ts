// Reading a byte stream up to a delimiter that may lie across chunks, without copying the chunks.

import { failure } from './errors.ts'

const NOTHING = Buffer.alloc(0)
const LINE_END = Buffer.from('\r\n')
/** Longest single line; header lines of a part are bounded by their sum as well. */
const MAX_LINE_BYTES = 16 * 1024

export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>
  #buffer: Buffer

  constructor(source: AsyncIterable<Uint8Array>, before: Buffer = NOTHING) {
    this.#chunks = source[Symbol.asyncIterator]()
    this.#buffer = before
  }

  /** Yields what lies before the delimiter and consumes that too; calls `cutShort` if it never comes. */
  async *until(delimiter: Buffer, cutShort: () => never): AsyncGenerator<Uint8Array> {
    while (true) {
      const at = this.#buffer.indexOf(delimiter)
      if (at !== -1) {
        const found = this.#buffer.subarray(0, at)
        // The delimiter stays until the reader comes back: one who leaves here has not passed it.
        this.#buffer = this.#buffer.subarray(at)
        if (at > 0) yield found
        this.#buffer = this.#buffer.subarray(delimiter.length)
        return
      }
      const safe = Math.max(0, this.#buffer.length - delimiter.length + 1)
      const certain = this.#buffer.subarray(0, safe)
      this.#buffer = this.#buffer.subarray(safe)
      if (safe > 0) yield certain
      yield* this.#straddle(delimiter, cutShort)
    }
  }

  /** The next bytes, fewer if the stream ends before; they stay to be read. */
  async peek(count: number): Promise<Uint8Array> {
    while (this.#buffer.length < count) {
      const { done, value } = await this.#chunks.next()
      if (done === true) break
      this.#buffer = Buffer.concat([this.#buffer, value])
    }
    return this.#buffer.subarray(0, count)
  }

  /** A line without its end. */
  async line(cutShort: () => never): Promise<string> {
    const pieces: Buffer[] = []
    let length = 0
    for await (const piece of this.until(LINE_END, cutShort)) {
      pieces.push(Buffer.from(piece))
      length += piece.byteLength
      if (length > MAX_LINE_BYTES) throw failure('multipart: a header line is too long')
    }
    return Buffer.concat(pieces).toString('utf8')
  }

  /** Takes the next chunk in. Only the few bytes around the seam are joined to see whether the delimiter crosses it. */
  async *#straddle(delimiter: Buffer, cutShort: () => never): AsyncGenerator<Uint8Array> {
    const tail = this.#buffer
    const { done, value } = await this.#chunks.next()
    if (done === true) return cutShort()
    const chunk = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    const seam = Buffer.concat([tail, chunk.subarray(0, delimiter.length - 1)])
    if (chunk.length < delimiter.length - 1 || seam.includes(delimiter)) {
      this.#buffer = Buffer.concat([tail, chunk])
      return
    }
    this.#buffer = chunk
    if (tail.length > 0) yield tail
  }
}
