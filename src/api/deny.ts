// Denylists as a node offers them to its doors: what is blocked, by which rule, and how that is refused.

import type { CID } from 'multiformats/cid'
import type { ContentPath } from './content.ts'

export interface Asked {
  /** A block, or the root of a path. */
  readonly cid?: CID
  /** Decoded names below the root or the name. */
  readonly path?: readonly string[]
  /** A DNS name, or a key in any spelling. */
  readonly ipnsName?: string
}

/** A rule as those who are refused may see it. */
export interface Rule {
  /** `<list>:<line>`. */
  readonly id: string
  readonly list: string
  readonly line: number
  readonly status: 410 | 451
  /** As the rule or its list says; '' if it says nothing. */
  readonly reason: string
  /** Who had it blocked, a URL (RFC 7725); '' if nobody is named. */
  readonly blockedBy: string
}

/** Where something is refused. */
export type Door = 'content' | 'bitswap' | 'fetch' | 'pin' | 'add' | 'announce' | 'name'

export interface DenyApi {
  /** Whether there is any rule at all. */
  readonly isActive: boolean
  /** Changes with the lists: what was made under another one must be made again. */
  readonly generation: number
  /** The rule that blocks this, or undefined. */
  check(asked: Asked): Rule | undefined
  /** BLOCKED if a rule names it; that is counted and written down. */
  refuse(asked: Asked, door: Door): void
  /** The same for every step below the root of a path that has been followed; `roots` as `Resolved` has them. */
  refuseSteps(path: ContentPath, roots: readonly CID[], door: Door): void
}
