// The one DNS label that a content root or a name has below a gateway's host (spec: gateway §2.18).

import { base32 } from 'multiformats/bases/base32'
import { base36 } from 'multiformats/bases/base36'
import type { CID } from 'multiformats/cid'
import { toV1 } from '../../src/block/cid.ts'
import { escapeName } from '../../src/dag/names.ts'
import { CairnError } from '../../src/errors.ts'
import { inlineDomain } from '../../src/names/name.ts'

const LABEL_MAX = 63

/** The one spelling of a root that its host has; BAD_CID if none fits into a DNS label. */
export function rootLabel(cid: CID): string {
  const v1 = toV1(cid)
  const short = v1.toString(base32)
  if (short.length <= LABEL_MAX) return short
  const shorter = v1.toString(base36)
  if (shorter.length <= LABEL_MAX) return shorter
  throw tooLong('CID', short)
}

/** A domain as one label, `a-b--c-org` for `a.b-c.org`; BAD_CID if that does not fit. */
export function nameLabel(domain: string): string {
  const label = inlineDomain(domain)
  if (label.length > LABEL_MAX) throw tooLong('DNSLink name', label)
  return label
}

const tooLong = (what: string, label: string) =>
  new CairnError('BAD_CID', `${what} incompatible with DNS label length limit of ${LABEL_MAX}: ${escapeName(label)}`, {
    hint: 'open it by its path on a gateway that is reached by its IP address',
  })
