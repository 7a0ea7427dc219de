// What was acknowledged during a soak: each root with the hash of its bytes, so that anybody can tell whether it came back right.

import { createHash } from 'node:crypto'

export interface Acknowledged {
  readonly cid: string
  readonly sha256: string
  readonly sizeBytes: number
}

export const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

export class Ledger {
  readonly #entries: Acknowledged[] = []
  #heldBytes = 0
  acknowledged = 0

  get size(): number {
    return this.#entries.length
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  add(cid: string, bytes: Uint8Array): void {
    this.#entries.push({ cid, sha256: hashOf(bytes), sizeBytes: bytes.byteLength })
    this.#heldBytes += bytes.byteLength
    this.acknowledged++
  }

  /** Any of those that must be there. */
  pick(): Acknowledged | undefined {
    return this.#entries[Math.floor(Math.random() * this.#entries.length)]
  }

  /** Takes the oldest out before it is unpinned: from now on nobody may ask for it. */
  takeOldest(): Acknowledged | undefined {
    const oldest = this.#entries.shift()
    this.#heldBytes -= oldest?.sizeBytes ?? 0
    return oldest
  }

  has({ cid }: Acknowledged): boolean {
    return this.#entries.some(entry => entry.cid === cid)
  }

  all(): readonly Acknowledged[] {
    return [...this.#entries]
  }
}
