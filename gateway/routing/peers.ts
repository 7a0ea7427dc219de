// Lists of peers as /routing/v1 gives them: one JSON document, or a line of JSON for each as it is found (spec: gateway §2.23).

import type { RoutedPeer } from '../../src/api/routing.ts'
import { CairnError, isCairnError } from '../../src/errors.ts'
import { LIMITS } from '../../src/limits.ts'
import { type Headers, send } from '../content/stream.ts'
import type { PeerFilter } from './filters.ts'
import { type Asked, cacheFor, ROUTING_CORS } from './request.ts'

const JSON_TYPE = 'application/json'
const NDJSON_TYPE = 'application/x-ndjson'

export interface PeersAnswer {
  /** The member of the document that holds the list. */
  readonly member: 'Providers' | 'Peers'
  readonly filter: PeerFilter
  /** Ends when `signal` does; what was found until then is the answer. */
  find(signal: AbortSignal): AsyncIterable<RoutedPeer>
}

export async function answerPeers(asked: Asked, { member, filter, find }: PeersAnswer): Promise<void> {
  const isStreamed = typeOf(asked.incoming.headers.accept) === NDJSON_TYPE
  const most = isStreamed ? LIMITS.routingStreamed.value : LIMITS.routingResults.value
  const deadline = AbortSignal.timeout(LIMITS.routingMs.value)
  const signal = AbortSignal.any([asked.wait.signal, deadline])
  const records = recordsOf(find(signal), { filter, most, signal })
  if (isStreamed) return stream(asked, records)
  const list = await Array.fromAsync(records)
  const body = Buffer.from(JSON.stringify({ [member]: list }))
  const { isHead, outgoing } = asked
  outgoing.writeHead(200, { ...headOf(JSON_TYPE, list.length > 0), 'Content-Length': body.byteLength })
  outgoing.end(isHead ? undefined : body)
}

/** Which of the two is sent depends on whether the first is found: an empty answer is to be asked again soon. */
async function stream(asked: Asked, records: AsyncGenerator<object>): Promise<void> {
  const first = await records.next()
  const head = headOf(NDJSON_TYPE, first.done !== true)
  const open = async function* () {
    try {
      for (let step = first; step.done !== true; step = await records.next())
        yield Buffer.from(`${JSON.stringify(step.value)}\n`)
    } finally {
      await records.return(undefined)
    }
  }
  const { outgoing, isHead, wait } = asked
  return send({ outgoing, wait, request: { isHead } }, { status: 200, head, sizeBytes: undefined, isLive: true, open })
}

const headOf = (type: string, hasResults: boolean): Headers => ({
  ...ROUTING_CORS,
  'Content-Type': type,
  'Cache-Control': cacheFor(hasResults ? 300 : 15),
  'Last-Modified': new Date().toUTCString(),
  Vary: 'Accept',
})

/** As Kubo chooses: lines if they are named at all, whatever is preferred. */
function typeOf(accept: string | undefined): string {
  if (accept === undefined) return JSON_TYPE
  const types = accept.split(',').map(range => (range.split(';', 1)[0] ?? '').trim().toLowerCase())
  if (types.includes(NDJSON_TYPE)) return NDJSON_TYPE
  if (types.some(type => [JSON_TYPE, 'application/*', '*/*'].includes(type))) return JSON_TYPE
  throw new CairnError('NOT_ACCEPTABLE', `peers are told as ${JSON_TYPE} or ${NDJSON_TYPE}`, { hint: '' })
}

interface Bounds {
  readonly filter: PeerFilter
  readonly most: number
  readonly signal: AbortSignal
}

/** A search that fails takes nothing away from what was found before. */
async function* recordsOf(
  peers: AsyncIterable<RoutedPeer>,
  { filter, most, signal }: Bounds,
): AsyncGenerator<object, undefined> {
  let count = 0
  try {
    for await (const peer of peers) {
      const kept = filter(peer)
      if (kept === undefined) continue
      count++
      yield { Schema: 'peer', ID: kept.id, Addrs: kept.addresses, Protocols: kept.protocols }
      if (count === most) return
    }
  } catch (error) {
    const isOver = signal.aborted && (signal.reason as Error).name === 'TimeoutError'
    if (!isOver && (count === 0 || !isCairnError(error, 'UNREACHABLE'))) throw error
  }
}
