// What a request was waiting for when its time was over, in words: the phase it was in, and how the search for it went.

import type { CID } from 'multiformats/cid'
import type { ContentApi, ContentPath } from '../../src/api/content.ts'
import type { FetchState } from '../../src/block/source.ts'
import { escapeName } from '../../src/dag/names.ts'
import { resolvePath } from '../../src/dag/resolve.ts'
import { isCairnError } from '../../src/errors.ts'
import type { Waiting } from '../content/wait.ts'

export interface Waited {
  readonly content: ContentApi
  readonly wait: Pick<Waiting, 'phase' | 'missing'>
  /** The name that was looked up, where there was one. */
  readonly name: string | undefined
  /** Undefined while a name was not resolved. */
  readonly path: ContentPath | undefined
}

/** `waiting for the root block bafy…; 3 searches found no provider`. */
export async function describePhase({ content, wait, name, path }: Waited): Promise<string> {
  if (path === undefined || wait.phase === 'name') return `looking up the name ${escapeName(name ?? '')}`
  const { root } = path
  const { missing } = wait
  const what =
    wait.phase === 'content'
      ? `reading the content${missing === undefined ? '' : `, at block ${missing}`}`
      : missing === undefined || isSame(missing, root)
        ? `waiting for the root block ${root}`
        : await describeStep(content, path, missing)
  const state = content.blocks(root).fetchState?.()
  return state === undefined ? what : `${what}; ${describeSearch(state)}`
}

/** Which segment it was: the first that what is here does not lead to. Only when all is lost, so that nobody pays for it before. */
async function describeStep(content: ContentApi, { root, segments }: ContentPath, missing: CID): Promise<string> {
  let [reached, lost] = [0, segments.length]
  while (reached < lost) {
    const middle = Math.floor((reached + lost) / 2)
    if (await leadsOn(content, { root, segments: segments.slice(0, middle + 1) })) reached = middle + 1
    else lost = middle
  }
  const segment = segments[lost]
  if (segment === undefined) return `waiting for block ${missing}, where the path ends`
  return `walking segment ${lost + 1} of ${segments.length} ("${escapeName(segment.slice(0, 100))}"), at block ${missing}`
}

async function leadsOn({ local }: ContentApi, path: ContentPath): Promise<boolean> {
  try {
    await resolvePath(local, path, { signal: AbortSignal.timeout(1000) })
    return true
  } catch (error) {
    if (isCairnError(error)) return false
    throw error
  }
}

function describeSearch(state: FetchState): string {
  const { connected, asked, answered, providers, searches, noSearch } = state
  if (providers > 0) return `${count(providers, 'provider')} known, none of them sent it`
  const found =
    noSearch ??
    (searches === 0
      ? 'no search for providers was made'
      : `${count(searches, 'search', 'searches')} for providers found none`)
  if (connected === 0) return `connecting: no peer is connected; ${found}`
  return `finding providers: ${found}; ${asked} of ${count(connected, 'connected peer')} asked, ${answered} answered`
}

const count = (number: number, one: string, many = `${one}s`): string => `${number} ${number === 1 ? one : many}`

const isSame = (a: CID, b: CID): boolean => Buffer.from(a.multihash.bytes).equals(b.multihash.bytes)
