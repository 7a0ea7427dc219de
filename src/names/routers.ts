// IPNS records from delegated routers: `GET /routing/v1/ipns/<name>` of each, the first that has one.

import { CairnError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { FindRecord } from './ask-all.ts'
import { getSafely } from './outbound.ts'

const IPNS_RECORD = 'application/vnd.ipfs.ipns-record'

export function fromRouter({ url, allowPrivate }: { url: string; allowPrivate: boolean }): FindRecord {
  return async ({ text }, { signal }) => {
    const asked = new URL(`${url.replace(/\/+$/, '')}/routing/v1/ipns/${text}`)
    // One byte more than may be: an oversized record is the validator's to refuse.
    const maxBytes = LIMITS.recordBytes.value + 1
    const { status, type, body } = await getSafely(asked, { accept: IPNS_RECORD, maxBytes, allowPrivate, signal })
    // Routers that have none say so with another type, or with 404.
    if (status !== 200 || type !== IPNS_RECORD)
      throw new CairnError('NAME_NOT_FOUND', `could not resolve name: ${asked.host} has no record of ${text}`)
    return [body]
  }
}
