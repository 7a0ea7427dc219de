// The rules of a public gateway in one place, made once from its configuration; what is switched off costs nothing.

import type { Socket } from 'node:net'
import type { GatewayNode } from '../../src/api/gateway-node.ts'
import type { Config } from '../../src/config/schema.ts'
import type { Logger } from '../../src/observe/log.ts'
import { parseDuration, parseSize } from '../../src/units.ts'
import type { AnswerPolicy } from '../content/respond.ts'
import type { Gateway } from '../content/serve.ts'
import { contentOf, namesOf, type PinnedAccess, pinnedAccess } from './access.ts'
import { type Admission, createAdmission } from './admission.ts'
import { createClients } from './clients.ts'
import { connectionGuard } from './connections.ts'
import { type SignedUrls, signedUrls } from './signed.ts'
import { signingKeyRing } from './signing-keys.ts'

export interface Safety {
  readonly admission: Admission
  /** Undefined where every connection is taken. */
  readonly takes: ((socket: Socket) => boolean) | undefined
  /** Longest time for one answer; 0: none. */
  readonly maxMs: number
  readonly pinned: PinnedAccess | undefined
  readonly signed: SignedUrls | undefined
  readonly policy: AnswerPolicy | undefined
  /** The same gateway without the limits of `gateway.access`, for signed addresses. */
  beyond(gateway: Gateway): Gateway
}

export interface SafetyOptions {
  readonly node: GatewayNode
  readonly config: Config['gateway']
  /** Where the keys of signed addresses are. */
  readonly repo: string | undefined
  readonly log: Logger
}

export function createSafety({ node, config, repo, log }: SafetyOptions): Safety {
  const clients = createClients({ proxies: config.proxies, log })
  const caps = { maxBytes: parseSize(config.maxBytes), maxRangeBytes: parseSize(config.maxRangeBytes) }
  const hasCaps = caps.maxBytes > 0 || caps.maxRangeBytes > 0
  const mode = config.signedUrls
  const keyOf = repo === undefined ? () => undefined : signingKeyRing(repo, log)
  let open: Gateway | undefined
  const safety: Safety = {
    admission: createAdmission({ config, clients, log }),
    takes: connectionGuard({ clients, max: config.maxConnections, share: config.clientShare }),
    maxMs: parseDuration(config.maxTime),
    pinned: config.access === 'pinned' ? pinnedAccess(node) : undefined,
    signed: mode === 'off' ? undefined : signedUrls({ mode, keyOf, clients }),
    policy: hasCaps || config.sandbox ? { caps: hasCaps ? caps : undefined, hasSandbox: config.sandbox } : undefined,
    beyond: gateway => {
      open ??= {
        ...gateway,
        content: contentOf(node, 'any'),
        names: namesOf(node, 'any'),
        safety: { ...safety, pinned: undefined },
      }
      return open
    },
  }
  return safety
}
