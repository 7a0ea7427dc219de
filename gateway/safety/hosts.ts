// Host names that nothing is served under: others' domains that were pointed here, where `gateway.hosts` is a list of what is allowed.

import { CairnError } from '../../src/errors.ts'
import { METRICS } from '../../src/observe/metrics.ts'
import type { HostRoute } from '../content/hosts.ts'

/** WRONG_HOST before a name is looked up or a path is read. */
export function refuseHost({ rules }: HostRoute): void {
  if (!rules.isRefused) return
  METRICS.gatewayRefused.add(1, { why: 'host' })
  throw new CairnError('WRONG_HOST', 'this gateway does not serve the host that was asked for')
}
