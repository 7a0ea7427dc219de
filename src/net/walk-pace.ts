// A pause between random walks: libp2p (3.3.11) starts the next one at once, a hundred a second where there are few peers to be found.

import { setTimeout as sleep } from 'node:timers/promises'
import type { PeerRouting } from '@libp2p/interface'

const PAUSE_MS = 5000

/**
 * A peer router that finds nobody, slowly. Peers found by others are told at once, and the search is over when the last router
 * is done: so that looking for relays and for AutoNAT servers begins anew after a pause.
 */
export const walkPace =
  (pauseMs = PAUSE_MS) =>
  (): PeerRouting => ({
    async *getClosestPeers(_key, { signal } = {}) {
      await sleep(pauseMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined)
    },
    findPeer: async () => {
      throw new Error('this router finds nobody')
    },
  })
