// One request to /routing/v1, and what its answers have in common (spec: gateway §2.23).

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { CairnNode } from '../../src/api/node.ts'
import { CORS } from '../content/respond.ts'
import type { Headers } from '../content/stream.ts'
import type { Waiting } from '../content/wait.ts'

/** The parts of a node that are asked here. */
export type RoutingNode = Pick<CairnNode, 'names' | 'routing'>

export interface Asked {
  readonly node: RoutingNode
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  readonly isHead: boolean
  readonly wait: Waiting
}

/** Pages of others may ask, and write nothing: PUT is not for browsers. */
export const ROUTING_CORS: Headers = { ...CORS, 'Access-Control-Allow-Methods': 'GET, HEAD, OPTIONS' }

/** An old answer is better than none: routers are often away. */
const STALE_SECS = 172_800

export const cacheFor = (maxAgeSecs: number, staleSecs = STALE_SECS): string =>
  `public, max-age=${maxAgeSecs}, stale-while-revalidate=${staleSecs}, stale-if-error=${staleSecs}`
