// Buffers for the content of blocks, used again when the sink has let go of everything in them.

/** Room in a slab. Owned until `release` is called, once. */
export interface Slot {
  readonly slab: Uint8Array<ArrayBuffer>
  readonly start: number
  /** Where the room ends. */
  readonly end: number
  readonly release: () => void
}

const FREE_BYTES = 64 * 1024 * 1024

interface Slab {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Where free room begins. */
  next: number
  /** Slots not yet released. */
  held: number
  readonly release: () => void
}

export class SlabPool {
  readonly #slabBytes: number
  readonly #free: Slab[] = []
  #current: Slab

  /** A slab holds at least one block of `blockBytes`, or many small ones. */
  constructor(blockBytes: number) {
    this.#slabBytes = Math.max(blockBytes, 1024 * 1024 + 4096)
    this.#current = this.#fresh()
  }

  /** At least `least` bytes, and as many as there are up to `most`. */
  take(least: number, most = least): Slot {
    if (this.#slabBytes - this.#current.next < least) this.#rotate()
    const slab = this.#current
    const start = slab.next
    const end = Math.min(start + most, this.#slabBytes)
    slab.next = end
    slab.held++
    return { slab: slab.bytes, start, end, release: slab.release }
  }

  /** Gives back what of `slot` lies behind `end`, if nothing has been taken since. */
  trim(slot: Slot, end: number): void {
    if (this.#current.bytes === slot.slab && this.#current.next === slot.end) this.#current.next = end
  }

  #rotate(): void {
    if (this.#current.held === 0) this.#current.next = 0
    else this.#current = this.#free.pop() ?? this.#fresh()
  }

  #fresh(): Slab {
    const slab: Slab = {
      bytes: new Uint8Array(this.#slabBytes),
      next: 0,
      held: 0,
      release: () => {
        slab.held--
        if (slab.held > 0) return
        slab.next = 0
        if (slab !== this.#current && this.#free.length * this.#slabBytes < FREE_BYTES) this.#free.push(slab)
      },
    }
    return slab
  }
}
