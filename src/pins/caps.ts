// What one pin may take: distinct blocks, levels, bytes and time; beyond any of them it fails and says which (H10).

import type { CID } from 'multiformats/cid'
import { enforce, LIMITS } from '../limits.ts'

type CapName = 'pinBlocks' | 'pinDepth' | 'pinBytes' | 'pinTimeMs'

export type WalkCaps = Readonly<Record<CapName, number>>

export const DEFAULT_CAPS: WalkCaps = {
  pinBlocks: LIMITS.pinBlocks.value,
  pinDepth: LIMITS.pinDepth.value,
  pinBytes: LIMITS.pinBytes.value,
  pinTimeMs: LIMITS.pinTimeMs.value,
}

const WHAT: Record<CapName, string> = {
  pinBlocks: 'blocks',
  pinDepth: 'levels',
  pinBytes: 'bytes',
  pinTimeMs: 'time',
}

/** LIMIT, naming what there is too much of, the number and the config key. */
export function enforceCap(name: CapName, value: number, caps: WalkCaps, root: CID): void {
  // The text of a CID takes longer to make than the check.
  if (value > caps[name]) enforce(name, value, `${WHAT[name]} of the pin of ${root}`, caps[name])
}
