// What is known about one content root while its blocks are fetched: who has some of it, and whom a search has found.

import type { CID } from 'multiformats/cid'

export interface Session {
  readonly root: CID
  /** Peer ids that gave a block of this root, said that they have one, or were found as providers. */
  readonly providers: Set<string>
  /** When the last block came, in ms of `performance.now()`. */
  blockAt: number
  readonly search: {
    running: boolean
    /** How many have begun. */
    count: number
    /** Why there are none. */
    absent: string | undefined
    /** By block key: when it was last searched for. */
    readonly last: Map<string, number>
    /** What searches gave, for the reader of an error. */
    readonly found: string[]
  }
}

export function createSession(root: CID): Session {
  return {
    root,
    providers: new Set(),
    blockAt: performance.now(),
    search: { running: false, count: 0, absent: undefined, last: new Map(), found: [] },
  }
}
