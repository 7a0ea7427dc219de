// Hosts that give out only what clients can verify themselves: raw blocks, CARs, IPNS records (spec: gateway §2.22).

import type { HostRules } from '../../src/config/hosts.ts'
import { CairnError } from '../../src/errors.ts'
import type { Choice } from './negotiate.ts'
import type { AskedRequest } from './request.ts'

/** Raw blocks only by their own CID: a path to one would have to be believed. */
export function checkTrustless({ isTrustless }: HostRules, request: AskedRequest, { formats }: Choice): void {
  if (!isTrustless) return
  const [format] = formats
  const isBlock = format === 'raw' && request.namespace === 'ipfs' && request.segments.length === 0
  if (isBlock || format === 'car' || format === 'ipns-record') return
  const isSilent = request.headers.accept === undefined && !request.parameters.has('format')
  throw new CairnError(isSilent ? 'BAD_REQUEST' : 'NOT_ACCEPTABLE', 'this host serves only what can be verified', {
    hint: 'ask for ?format=raw of a CID, ?format=car of a path or ?format=ipns-record of a key',
  })
}
