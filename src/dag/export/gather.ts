// Small pieces of a stream gathered into large ones: each piece that leaves costs a system call, whatever its size.

import { KiB } from '../../units.ts'

const CHUNK_BYTES = 128 * KiB
/** Pieces from here on leave as they are: copying them would cost more. */
const LARGE_BYTES = 32 * KiB

export class Gathered {
  readonly #reuses: boolean
  #chunk: Buffer<ArrayBuffer> = Buffer.allocUnsafe(CHUNK_BYTES)
  /** What left last, and may still be read. */
  #other: Buffer<ArrayBuffer> | undefined
  #used = 0

  /** With `reuse` what left may be overwritten when the next but one is taken. */
  constructor({ reuse = false }: { readonly reuse?: boolean } = {}) {
    this.#reuses = reuse
  }

  /** Copies a piece. What has no more room beside it leaves first. */
  put(piece: Uint8Array): Uint8Array | undefined {
    const full = this.#used + piece.byteLength > CHUNK_BYTES ? this.take() : undefined
    this.#chunk.set(piece, this.#used)
    this.#used += piece.byteLength
    return full
  }

  /** All that is there. */
  take(): Uint8Array | undefined {
    if (this.#used === 0) return undefined
    const full = this.#chunk.subarray(0, this.#used)
    const next = this.#other ?? Buffer.allocUnsafe(CHUNK_BYTES)
    if (this.#reuses) this.#other = this.#chunk
    this.#chunk = next
    this.#used = 0
    return full
  }
}

export const isLarge = ({ byteLength }: Uint8Array): boolean => byteLength >= LARGE_BYTES
