// Looking for peers that have a root or a block: content routing, a few dials, and what came of it for the reader.

import type { HeliaWithLibp2p } from '@helia/libp2p'
import type { ServiceMap } from '@libp2p/interface'
import { peerIdFromCID } from '@libp2p/peer-id'
import type { CID } from 'multiformats/cid'
import { blockKey } from '../block/cid.ts'
import { LIMITS } from '../limits.ts'
import type { Logger } from '../observe/log.ts'
import type { Session } from './session.ts'

/** Found providers that are dialled in one search. */
const PROVIDERS = 5
/** The same key is not searched for again before. */
const AGAIN_MS = 20_000
const LINES = 8

export interface SearchOptions {
  readonly helia: HeliaWithLibp2p<ServiceMap>
  /** Undefined where the mode has content routing; else what to tell the reader. */
  readonly absent: string | undefined
  readonly log: Logger
  readonly signal: AbortSignal
  readonly onFound: (session: Session) => void
}

/** The root first: whoever has it mostly has all of it. Then the block itself. One search at a time per session. */
export function createSearch(options: SearchOptions): (session: Session, cid: CID) => void {
  return (session, cid) => {
    const { search } = session
    if (options.absent !== undefined) {
      search.absent = options.absent
      if (search.found.length === 0) search.found.push(options.absent)
      return
    }
    const due = (target: CID) => performance.now() - (search.last.get(blockKey(target)) ?? -AGAIN_MS) >= AGAIN_MS
    const target = [session.root, cid].find(due)
    if (search.running || target === undefined || options.signal.aborted) return
    search.running = true
    search.count++
    void findAndDial(options, session, target).finally(() => {
      search.running = false
    })
  }
}

async function findAndDial(options: SearchOptions, session: Session, target: CID): Promise<void> {
  const { helia, log, onFound } = options
  const { search } = session
  if (search.last.size >= LIMITS.searchedKeys.value) search.last.clear()
  search.last.set(blockKey(target), performance.now())
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(LIMITS.searchMs.value)])
  let found = 0
  try {
    for await (const provider of helia.routing.findProviders(target, { signal })) {
      if (await connectProvider(options, session, provider.id as CID, signal)) found++
      onFound(session)
      if (found >= PROVIDERS) break
    }
    say(session, `routing: ${found} reachable providers of ${target}`)
  } catch (error) {
    log.debug('a search for providers failed', { cid: target.toString(), err: error })
    say(session, `routing: no answer about ${target}`)
  }
}

async function connectProvider(
  { helia, log }: SearchOptions,
  session: Session,
  id: CID,
  signal: AbortSignal,
): Promise<boolean> {
  const { libp2p } = helia
  const peer = peerIdFromCID(id as Parameters<typeof peerIdFromCID>[0])
  if (peer.equals(libp2p.peerId)) return false
  session.providers.add(peer.toString())
  try {
    await libp2p.dial(peer, { signal: AbortSignal.any([signal, AbortSignal.timeout(LIMITS.dialTimeoutMs.value)]) })
    return true
  } catch (error) {
    log.debug('a provider could not be reached', { peer: peer.toString(), err: error })
    return false
  }
}

function say(session: Session, line: string): void {
  session.search.found.push(line)
  if (session.search.found.length > LINES) session.search.found.shift()
}
