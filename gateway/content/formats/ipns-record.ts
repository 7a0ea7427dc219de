// A signed IPNS record as it is stored, for clients that verify it themselves (spec: gateway §2.16).

import { createHash } from 'node:crypto'
import type { NameRecord, NamesApi } from '../../../src/api/names.ts'
import { CairnError, isCairnError } from '../../../src/errors.ts'
import { parseName } from '../../../src/names/name.ts'
import { disposition } from '../disposition.ts'
import { isOnlyIfCached, notHere } from '../local.ts'
import { mediaTypeOf } from '../negotiate.ts'
import type { AskedRequest } from '../request.ts'
import type { Representation } from '../respond.ts'

/** BAD_REQUEST for what has no record: immutable paths, domains, paths below a key. */
export async function recordRepresentation(
  names: NamesApi,
  request: AskedRequest,
  wait: { readonly signal: AbortSignal },
): Promise<Representation> {
  const { namespace, rootText, segments, contentPath, parameters } = request
  if (namespace !== 'ipns') throw new CairnError('BAD_REQUEST', `${contentPath} is not an IPNS link`)
  const name = parseName(rootText)
  if (name.kind !== 'key') throw new CairnError('BAD_REQUEST', `${contentPath} is a domain: it has no IPNS record`)
  if (segments.length > 0) {
    throw new CairnError('BAD_REQUEST', `${contentPath} is a path below a key: only the key itself has a record`)
  }
  const record = await recordOf(names, name.text, request, wait)
  const fileName = parameters.get('filename') || `${name.text}.ipns-record`
  return {
    etag: recordTag(record),
    headers: {
      'X-Ipfs-Path': contentPath,
      ...(parameters.has('format') ? {} : { Vary: 'Accept' }),
      'Cache-Control': `public, max-age=${Math.floor(record.ttlSecs)}`,
      'Content-Disposition': disposition('attachment', fileName),
      'X-Content-Type-Options': 'nosniff',
    },
    sizeBytes: record.bytes.byteLength,
    type: () => mediaTypeOf('ipns-record'),
    atHand: () => record.bytes,
    read: async function* () {
      yield record.bytes
    },
  }
}

async function recordOf(
  names: NamesApi,
  name: string,
  { headers, contentPath }: AskedRequest,
  { signal }: { readonly signal: AbortSignal },
): Promise<NameRecord> {
  const localOnly = isOnlyIfCached(headers)
  try {
    return await names.record(name, { signal, localOnly })
  } catch (cause) {
    if (localOnly && isCairnError(cause, 'NAME_NOT_FOUND')) throw notHere(contentPath, cause)
    throw cause
  }
}

/** Of the bytes: the same record has it at every door. */
export const recordTag = ({ bytes }: NameRecord): string =>
  `"${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}"`
