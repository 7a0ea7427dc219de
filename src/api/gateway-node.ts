// What a gateway asks of a node: no more, so that a process without a network of its own can serve.

import type { SwarmApi } from './network.ts'
import type { CairnNode } from './node.ts'
import type { PinsApi } from './pins.ts'
import type { RepoApi } from './repo.ts'

export type GatewayNode = Pick<
  CairnNode,
  'content' | 'localContent' | 'names' | 'denylist' | 'routing' | 'version' | 'id'
> & {
  readonly pins: Pick<PinsApi, 'modeOf' | 'rootAbove'>
  readonly repo: Pick<RepoApi, 'stat'>
  readonly swarm: Pick<SwarmApi, 'peers'>
}
