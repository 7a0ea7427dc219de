// A DAG or a part of it as a CAR stream, for clients that verify it themselves (spec: gateway §2.14).

import { createHash } from 'node:crypto'
import type { CarOptions, ContentApi, Resolved } from '../../../src/api/content.ts'
import { RAW } from '../../../src/block/cid.ts'
import { CairnError } from '../../../src/errors.ts'
import { contentCaching } from '../caching.ts'
import { disposition } from '../disposition.ts'
import { bytesOfFile, parseEntityBytes } from '../entity-bytes.ts'
import { type Choice, mediaTypeOf } from '../negotiate.ts'
import type { ContentRequest } from '../request.ts'
import { contentHeaders, type Exchange, type Representation } from '../respond.ts'

const SCOPES = ['all', 'entity', 'block'] as const

export function carRepresentation(
  content: ContentApi,
  { request, wait }: Exchange,
  resolved: Resolved,
  choice: Choice,
): Representation {
  const wanted = wantedOf(request.parameters, resolved)
  const duplicates = checkParameters(request, choice).dups === 'y'
  const delivered = `version=1; order=dfs; dups=${duplicates ? 'y' : 'n'}`
  const headers = contentHeaders(request, resolved)
  Object.assign(headers, contentCaching(request))
  headers['Content-Disposition'] = disposition('attachment', carName(request))
  headers['X-Content-Type-Options'] = 'nosniff'
  headers['Accept-Ranges'] = 'none'
  const { root, segments } = request.path
  const variant = createHash('sha256')
    .update(JSON.stringify([segments, wanted, delivered]))
    .digest('hex')
  return {
    etag: `W/"${root}.car.${variant.slice(0, 16)}"`,
    headers,
    type: () => `${mediaTypeOf('car')}; ${delivered}`,
    read: (_range, reuse) =>
      content.exportCar(request.path, { ...wanted, duplicates, signal: wait.signal, identity: false, reuse }),
  }
}

function carName({ parameters, path }: ContentRequest): string {
  const asked = parameters.get('filename')
  if (asked !== null && asked !== '') return asked
  const last = path.segments.at(-1)
  return last === undefined ? `${path.root}.car` : `${path.root}_${last}.car`
}

type Wanted = Pick<CarOptions, 'scope' | 'bytes'>

/** Asking for bytes means the entity. What is no file has none, and of no bytes its first block is left. */
function wantedOf(parameters: URLSearchParams, { kind, cid, sizeBytes }: Resolved): Wanted {
  const asked = parameters.get('dag-scope')
  const range = parameters.get('entity-bytes')
  const scope = asked === null ? (range === null ? 'all' : 'entity') : SCOPES.find(known => known === asked)
  if (scope === undefined) {
    throw new CairnError('BAD_REQUEST', `unsupported dag-scope "${asked?.slice(0, 40)}"`, {
      hint: `the scopes are ${SCOPES.join(', ')}`,
    })
  }
  if (range === null) return { scope }
  const parsed = parseEntityBytes(range)
  if (scope !== 'entity' || kind !== 'file') return { scope }
  const bytes = bytesOfFile(parsed, sizeBytes)
  if (bytes === undefined) return { scope: 'block' }
  return cid.code === RAW ? { scope } : { scope, bytes }
}

/** What the URL says beats what Accept says; values that no CAR has are refused rather than ignored. */
function checkParameters({ parameters }: ContentRequest, choice: Choice): { readonly dups: string } {
  const allowed = { version: ['1'], order: ['dfs', 'unk'], dups: ['n', 'y'] }
  for (const [name, values] of Object.entries(allowed)) {
    const asked = askedFor(name, parameters, choice)
    if (asked === undefined || values.includes(asked)) continue
    throw new CairnError('BAD_REQUEST', `unsupported CAR ${name} "${asked.slice(0, 40)}"`, {
      hint: `known are ${values.join(' and ')}`,
    })
  }
  return { dups: askedFor('dups', parameters, choice) ?? 'n' }
}

const askedFor = (name: string, parameters: URLSearchParams, choice: Choice): string | undefined =>
  parameters.get(`car-${name}`) ?? choice.parameters.get(name)
