// A DAG or a part of it as a CAR stream, for clients that verify it themselves (spec: gateway §2.14).

import { createHash } from 'node:crypto'
import type { CarOptions, ContentApi, Resolved } from '../../../src/api/content.ts'
import { RAW } from '../../../src/block/cid.ts'
import { CairnError } from '../../../src/errors.ts'
import { contentCaching } from '../caching.ts'
import { disposition } from '../disposition.ts'
import { coversAll, type EntityBytes, parseEntityBytes } from '../entity-bytes.ts'
import { type Choice, mediaTypeOf } from '../negotiate.ts'
import type { ContentRequest } from '../request.ts'
import { contentHeaders, type Exchange, type Representation } from '../respond.ts'

const SCOPES = ['all', 'entity', 'block'] as const
type Scope = NonNullable<CarOptions['scope']>

/** Version 1, depth first, each block once: the only CAR there is here, whatever else was allowed. */
const DELIVERED = 'version=1; order=dfs; dups=n'

export function carRepresentation(
  content: ContentApi,
  { request, wait }: Exchange,
  resolved: Resolved,
  choice: Choice,
): Representation {
  const scope = carScope(request.parameters, resolved)
  checkCarParameters(request, choice)
  const headers = contentHeaders(request, resolved)
  Object.assign(headers, contentCaching(request))
  headers['Content-Disposition'] = disposition('attachment', carName(request))
  headers['X-Content-Type-Options'] = 'nosniff'
  headers['Accept-Ranges'] = 'none'
  const variant = createHash('sha256').update(`${request.contentPath}\n${scope}\n${DELIVERED}`).digest('hex')
  return {
    etag: `W/"${request.path.root}.car.${variant.slice(0, 16)}"`,
    headers,
    type: () => `${mediaTypeOf('car')}; ${DELIVERED}`,
    read: (_range, reuse) => content.exportCar(request.path, { signal: wait.signal, scope, identity: false, reuse }),
  }
}

function carName({ parameters, path }: ContentRequest): string {
  const asked = parameters.get('filename')
  if (asked !== null && asked !== '') return asked
  const last = path.segments.at(-1)
  return last === undefined ? `${path.root}.car` : `${path.root}_${last}.car`
}

function carScope(parameters: URLSearchParams, resolved: Resolved): Scope {
  const asked = parameters.get('dag-scope')
  const bytes = parameters.get('entity-bytes')
  const scope = asked === null ? (bytes === null ? 'all' : 'entity') : SCOPES.find(known => known === asked)
  if (scope === undefined) {
    throw new CairnError('BAD_REQUEST', `unsupported dag-scope "${asked?.slice(0, 40)}"`, {
      hint: `the scopes are ${SCOPES.join(', ')}`,
    })
  }
  if (bytes !== null) checkEntityBytes(parseEntityBytes(bytes), resolved)
  return scope
}

/** Only files have bytes, and a file of one block is that block. */
function checkEntityBytes(range: EntityBytes, { kind, cid, sizeBytes }: Resolved): void {
  if (kind !== 'file' || coversAll(range, sizeBytes) || cid.code === RAW) return
  throw new CairnError('NOT_IMPLEMENTED', 'a CAR of some bytes of a file is not made here', {
    hint: 'ask for dag-scope=entity without entity-bytes, or for a range of the file itself',
  })
}

/** What the URL says beats what Accept says; values that no CAR has are refused rather than ignored. */
function checkCarParameters({ parameters }: ContentRequest, choice: Choice): void {
  const allowed = { version: ['1'], order: ['dfs', 'unk'], dups: ['y', 'n'] }
  for (const [name, values] of Object.entries(allowed)) {
    const asked = parameters.get(`car-${name}`) ?? choice.parameters.get(name)
    if (asked === undefined || values.includes(asked)) continue
    throw new CairnError('BAD_REQUEST', `unsupported CAR ${name} "${asked.slice(0, 40)}"`, {
      hint: `known are ${values.join(' and ')}`,
    })
  }
}
