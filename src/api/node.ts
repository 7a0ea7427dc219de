// CairnNode: everything the command line and the gateway may ask of a node. LocalNode (node/open.ts) implements it.

import type { CID } from 'multiformats/cid'
import type { Wait } from '../block/source.ts'
import type { AddEvent, AddOptions, CarImported, ImportSource } from './add.ts'
import type { ContentApi } from './content.ts'
import type { DenyApi } from './deny.ts'
import type { NamesApi } from './names.ts'
import type { NodeId, SwarmApi } from './network.ts'
import type { PinsApi } from './pins.ts'
import type { RepoApi } from './repo.ts'
import type { RoutingApi } from './routing.ts'

export interface CairnNode extends AsyncDisposable {
  readonly content: ContentApi
  /** The same from this node's disk alone. */
  readonly localContent: ContentApi
  readonly names: NamesApi
  /** What is not served, fetched, kept or announced. */
  readonly denylist: DenyApi
  readonly pins: PinsApi
  readonly repo: RepoApi
  readonly routing: RoutingApi
  readonly swarm: SwarmApi
  readonly version: string
  id(options: Wait): Promise<NodeId>
  add(sources: readonly ImportSource[], options: AddOptions): AsyncIterable<AddEvent>
  /** Blocks that were hashed and found good: kept, durable when it resolves, safe from collection for `store.grace`. */
  putBlocks(blocks: readonly { cid: CID; bytes: Uint8Array }[], options: Wait): Promise<void>
  /** Removes a block that no pin keeps; FORBIDDEN if one does. */
  removeBlock(cid: CID, options: Wait & { force?: boolean }): Promise<void>
  /** The same, with its bytes from the disk at once. `force`: also if a root keeps it, which is damaged then. */
  purgeBlocks(cids: readonly CID[], options: Wait & { force?: boolean }): Promise<readonly CID[]>
  importCar(
    content: AsyncIterable<Uint8Array>,
    options: Wait & { pinRoots?: boolean; onProgress?: (p: { blocks: number; bytes: number }) => void },
  ): Promise<CarImported>
  dagStat(cid: CID, options: Wait): Promise<{ blocks: number; totalBytes: number }>
}
