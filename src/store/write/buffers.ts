// Buffers for streams of large blocks, used again and again: fresh memory costs more than reading into it (2 × for 1 GiB).

import type { BorrowedBlock } from '../../block/source.ts'
import { KiB, MiB } from '../../units.ts'

const STEP_BYTES = 64 * KiB
const KEPT_BYTES = 32 * MiB

export class BufferPool {
  readonly #free = new Map<number, Uint8Array[]>()
  #keptBytes = 0

  /** At least so large; its content is whatever was there. */
  take(sizeBytes: number): Uint8Array {
    const steps = Math.ceil(sizeBytes / STEP_BYTES)
    const buffer = this.#free.get(steps)?.pop()
    if (buffer === undefined) return new Uint8Array(steps * STEP_BYTES)
    this.#keptBytes -= buffer.byteLength
    return buffer
  }

  /** The first `sizeBytes` of a taken buffer, as something to be given back; a second `release` does nothing. */
  lend(buffer: Uint8Array, sizeBytes: number): BorrowedBlock {
    let lent = true
    return {
      bytes: buffer.subarray(0, sizeBytes),
      release: () => {
        if (lent) this.giveBack(buffer)
        lent = false
      },
    }
  }

  giveBack(buffer: Uint8Array): void {
    if (this.#keptBytes + buffer.byteLength > KEPT_BYTES) return
    this.#keptBytes += buffer.byteLength
    const steps = buffer.byteLength / STEP_BYTES
    const free = this.#free.get(steps)
    if (free === undefined) this.#free.set(steps, [buffer])
    else free.push(buffer)
  }
}
