// Why a block is here: what keeps it, from where it is reached, and for how long.

import type { CID } from 'multiformats/cid'
import type { Labels, PinMode, PinStatus } from './pins.ts'

/** From a root down to the block: each node with the name (or number) of the link that leads to it. */
export interface WhyStep {
  readonly link: string
  readonly cid: CID
}

export type WhyEvent =
  /** The block itself, first of all. */
  | {
      readonly type: 'block'
      readonly cid: CID
      /** `bad`: found damaged and put aside; its next put mends it. */
      readonly state: 'kept' | 'cached' | 'bad' | 'missing'
      readonly sizeBytes: number
      /** `inline`, `file`, `pack 12`, or `dead` where the bytes of a removed block wait to be unlinked. */
      readonly place: string
    }
  | {
      readonly type: 'pin'
      readonly id: number
      readonly root: CID
      readonly mode: PinMode
      readonly name: string
      readonly owner: string
      readonly labels: Labels
      readonly status: PinStatus
      readonly expires: number | undefined
      /** Empty if the block is the root. */
      readonly path: readonly WhyStep[]
    }
  | { readonly type: 'files'; readonly filesPath: string; readonly path: readonly WhyStep[] }
  | { readonly type: 'name'; readonly key: string; readonly root: CID; readonly path: readonly WhyStep[] }
  /** May have put or met it: nothing that old is collected while it lives. */
  | { readonly type: 'operation'; readonly kind: string; readonly pid: number; readonly started: number }
  /** It was put without a root, and counts as in use until then. */
  | { readonly type: 'grace'; readonly until: number }
  | { readonly type: 'cache'; readonly lastUsed: number | undefined }
  /** `safe`: something keeps it. `collectable`: the next collection takes it. */
  | { readonly type: 'verdict'; readonly verdict: 'safe' | 'cached' | 'collectable' | 'missing' }
