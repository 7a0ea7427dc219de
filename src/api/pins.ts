// Pins as a node offers them: roots that are kept, and how far each has come.

import type { CID } from 'multiformats/cid'
import type { Wait } from '../block/source.ts'

export type PinMode = 'recursive' | 'direct'

export type PinStatus = 'queued' | 'pinning' | 'pinned' | 'failed'

export interface Pin {
  readonly id: number
  readonly cid: CID
  readonly mode: PinMode
  readonly name: string
  readonly status: PinStatus
  /** Milliseconds since the epoch. */
  readonly created: number
}

export type PinProgress = { readonly blocks: number; readonly bytes: number; readonly fetched: number }

export interface PinsApi {
  /** Resolves when everything below is here, kept and durable. */
  add(
    cid: CID,
    options: Wait & { mode?: PinMode; name?: string; onProgress?: (progress: PinProgress) => void },
  ): Promise<Pin>
  /** Removes the pins of this CID (of that name, if given); NOT_PINNED if there is none. */
  rm(cid: CID, options: Wait & { name?: string; mode?: PinMode }): Promise<void>
  /** In order of id, paged inside: holds no transaction between entries. `cid` filters; `name` matches a substring. */
  ls(options: Wait & { cid?: CID; mode?: PinMode; name?: string; status?: PinStatus }): AsyncIterable<Pin>
  /** Moves a recursive pin: pins `to`, then drops `from` (unless `unpin` is false). */
  update(
    from: CID,
    to: CID,
    options: Wait & { unpin?: boolean; onProgress?: (progress: PinProgress) => void },
  ): Promise<Pin>
  /** Walks every complete pin and reports what is missing or damaged. */
  verify(
    options: Wait & { cid?: CID },
  ): AsyncIterable<{ cid: CID; ok: boolean; bad: readonly { cid: CID; error: string }[] }>
  /** For a block: the roots that keep it directly, or 'indirect' through which root. */
  whyPinned(cid: CID, options: Wait): Promise<{ mode: PinMode | 'indirect'; root: CID } | undefined>
}
