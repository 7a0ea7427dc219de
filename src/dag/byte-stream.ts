// Bytes that come in pieces of any size, taken out in pieces of a wanted one: copied at most once, and no more held than asked for.

import type { Wait } from '../block/source.ts'

export class ByteStream {
  readonly #chunks: AsyncIterator<Uint8Array>
  readonly #signal: AbortSignal
  #held: Uint8Array = new Uint8Array(0)
  #ended = false
  /** Bytes taken so far: where the next one lies in the stream. */
  offset = 0

  constructor(content: AsyncIterable<Uint8Array>, { signal }: Wait) {
    this.#chunks = content[Symbol.asyncIterator]()
    this.#signal = signal
  }

  /** The next byte without taking it; undefined at the end. */
  async peekByte(): Promise<number | undefined> {
    while (this.#held.byteLength === 0 && (await this.#pull()));
    return this.#held[0]
  }

  /** The next byte if it is here already: spares a wait for each byte of a number. */
  heldByte(): number | undefined {
    const byte = this.#held[0]
    if (byte !== undefined) this.#advance(1)
    return byte
  }

  async byte(): Promise<number | undefined> {
    return (await this.peekByte()) === undefined ? undefined : this.heldByte()
  }

  /** Exactly so many bytes, as a view into what came if it came in one piece; undefined if the stream ends before. */
  async take(length: number): Promise<Uint8Array | undefined> {
    while (this.#held.byteLength === 0 && length > 0 && (await this.#pull()));
    if (this.#held.byteLength >= length) return this.#advance(length)
    const parts: Uint8Array[] = []
    let missing = length
    while (missing > 0) {
      if (this.#held.byteLength === 0 && !(await this.#pull())) return undefined
      const part = this.#advance(Math.min(missing, this.#held.byteLength))
      if (part.byteLength > 0) parts.push(part)
      missing -= part.byteLength
    }
    return Buffer.concat(parts, length)
  }

  /** Passes over bytes; false if the stream ends before. */
  async skip(length: number): Promise<boolean> {
    for (let missing = length; missing > 0; ) {
      if (this.#held.byteLength === 0 && !(await this.#pull())) return false
      missing -= this.#advance(Math.min(missing, this.#held.byteLength)).byteLength
    }
    return true
  }

  async close(): Promise<void> {
    this.#ended = true
    await this.#chunks.return?.()
  }

  #advance(length: number): Uint8Array {
    const taken = this.#held.subarray(0, length)
    this.#held = this.#held.subarray(length)
    this.offset += length
    return taken
  }

  async #pull(): Promise<boolean> {
    if (this.#ended) return false
    this.#signal.throwIfAborted()
    const { value, done } = await this.#chunks.next()
    if (done === true) this.#ended = true
    else this.#held = value
    return !this.#ended
  }
}
