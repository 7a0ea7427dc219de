// Which content visitors may have: any, what is stored here, or what is pinned here (`gateway.access`).

import type { CID } from 'multiformats/cid'
import type { ContentApi } from '../../src/api/content.ts'
import type { GatewayNode } from '../../src/api/gateway-node.ts'
import type { NamesApi, NameWait } from '../../src/api/names.ts'
import { isIdentity, RAW } from '../../src/block/cid.ts'
import type { Wait } from '../../src/block/source.ts'
import { Lru } from '../../src/dag/lru.ts'
import { CairnError, isCairnError } from '../../src/errors.ts'
import { LIMITS } from '../../src/limits.ts'
import { METRICS } from '../../src/observe/metrics.ts'

export type AccessMode = 'any' | 'pinned' | 'local'

/** Where the answers of a gateway come from. */
export const contentOf = (node: GatewayNode, mode: AccessMode): ContentApi =>
  mode === 'local' ? node.localContent : node.content

/** DNS is asked in every mode: it brings no content. Records of keys come from the network, but for what is here only. */
export function namesOf({ names }: GatewayNode, mode: AccessMode): NamesApi {
  if (mode !== 'local') return names
  const here = async <T>(name: string, wait: NameWait, work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (cause) {
      if (wait.localOnly === true || !isCairnError(cause, 'NAME_NOT_FOUND') || name.includes('.')) throw cause
      throw new CairnError('BLOCK_NOT_LOCAL', `the record of ${name} is not here`, { cause })
    }
  }
  return {
    ...names,
    resolve: (name, wait) => here(name, wait, names.resolve(name, { ...wait, localRecords: true })),
    record: (name, wait) => here(name, wait, names.record(name, { ...wait, localOnly: true })),
  }
}

export interface AskedContent {
  readonly root: CID
  readonly segments: readonly string[]
  /** Only the block itself is wanted. */
  readonly isBlock: boolean
}

export interface PinnedAccess {
  /** NOT_PINNED unless a pin keeps what is asked for. */
  check(asked: AskedContent, wait: Wait): Promise<void> | undefined
}

/** What was found not to be pinned is not looked for again for so long; a pin of the CID itself counts at once. */
const OUTSIDE_MS = 30_000
const REMEMBERED = 20_000

export function pinnedAccess({ pins, content }: Pick<GatewayNode, 'pins' | 'content'>): PinnedAccess {
  /** By a block inside a pinned DAG: the root that was found to hold it. What a DAG holds never changes; whether it is pinned is asked each time. */
  const inside = new Lru<string, CID>({ max: REMEMBERED })
  const outside = new Lru<string, number>({ max: REMEMBERED })
  let line = Promise.resolve()
  let waiting = 0

  const search = async (cid: CID, wait: Wait): Promise<boolean> => {
    const key = keyOf(cid)
    const until = outside.get(key)
    if (until !== undefined && until > performance.now()) return false
    const root = await pins.rootAbove(cid, wait)
    if (root === undefined) outside.set(key, performance.now() + OUTSIDE_MS)
    else inside.set(key, root)
    return root !== undefined
  }

  /** One walk at a time: each may read every inner node that is pinned. */
  const searchInTurn = async (cid: CID, wait: Wait): Promise<boolean> => {
    if (waiting >= LIMITS.pinWalks.value) {
      METRICS.gatewayRefused.add(1, { why: 'pin-walks' })
      throw new CairnError('TOO_MANY_REQUESTS', `${waiting} requests wait to learn whether their content is pinned`)
    }
    waiting++
    const before = line
    const { promise, resolve } = Promise.withResolvers<void>()
    line = promise
    try {
      await before
      wait.signal.throwIfAborted()
      return await search(cid, wait)
    } finally {
      waiting--
      resolve()
    }
  }

  const isInside = async (cid: CID, wait: Wait): Promise<boolean> => {
    const known = inside.get(keyOf(cid))
    if (known !== undefined && pins.modeOf(known) === 'recursive') return true
    // What is not even here is in no pin that is complete, and costs no walk.
    return content.local.has(cid) && (await searchInTurn(cid, wait))
  }

  return {
    check: ({ root, segments, isBlock }, wait) => {
      const mode = pins.modeOf(root)
      if (mode === 'recursive') return undefined
      const isAlone = root.code === RAW || (isBlock && segments.length === 0)
      if (isAlone && (mode === 'direct' || isIdentity(root))) return undefined
      return isInside(root, wait).then(found => {
        if (found) return
        METRICS.gatewayRefused.add(1, { why: 'access' })
        throw new CairnError('NOT_PINNED', `${root} is not pinned here, and this gateway serves nothing else`)
      })
    },
  }
}

/** CIDv0 and v1 are one; codecs are not. */
const keyOf = ({ code, multihash }: CID): string => `${code} ${Buffer.from(multihash.bytes).toString('latin1')}`
