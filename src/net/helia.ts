// Helia put together part by part: our blocks, our datastore, our libp2p, and bitswap's wire with our own engines on it.

import { type HeliaWithLibp2p, withLibp2pLight } from '@helia/libp2p'
import type { ServiceMap } from '@libp2p/interface'
import { createHeliaLight } from 'helia'
import type { Datastore } from 'interface-datastore'
import type { Libp2pOptions } from 'libp2p'
import type { Logger } from '../observe/log.ts'
import type { ServedStore } from '../policy/guard.ts'
import { VERSION } from '../version.ts'
import { heliaBlockstore } from './blockstore.ts'
import { libraryLogger } from './logger.ts'

export type CairnHelia = HeliaWithLibp2p<ServiceMap>

export interface HeliaParts {
  readonly store: ServedStore
  /** Undefined: what Helia and libp2p learn is forgotten at the end. */
  readonly datastore: Datastore | undefined
  /** libp2p's own; the above by default. */
  readonly records: Datastore | undefined
  readonly libp2p: Libp2pOptions
  readonly log: Logger
}

export function composeHelia({ store, datastore, records, libp2p, log }: HeliaParts): CairnHelia {
  const logger = libraryLogger(log)
  const init = {
    name: 'cairn',
    version: VERSION,
    blockstore: heliaBlockstore(store),
    logger,
    // With no router at all a search never ends, whatever its signal says (notes: helia §2.6).
    routers: [{ name: 'none', async *findProviders() {} }],
    ...(datastore !== undefined && { datastore }),
  }
  return withLibp2pLight(createHeliaLight(init), {
    ...libp2p,
    logger,
    ...(records !== undefined && { datastore: records }),
  })
}
