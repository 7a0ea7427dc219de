// What a gateway asks of a node: no more, so that a process without a network of its own can serve.

import type { SwarmApi } from './network.ts'
import type { CairnNode } from './node.ts'
import type { RepoApi } from './repo.ts'

export type GatewayNode = Pick<CairnNode, 'content' | 'names' | 'denylist' | 'routing' | 'version' | 'id'> & {
  readonly repo: Pick<RepoApi, 'stat'>
  readonly swarm: Pick<SwarmApi, 'peers'>
}
