// The running daemon of a repository, spoken to in Kubo's RPC: exactly the calls that commands need of it.

import type { CID } from 'multiformats/cid'
import type { PinDocument } from '../gateway/rpc/pin-document.ts'
import type { NodeId, PeerInfo } from '../src/api/network.ts'
import type { Pin, PinMeta, PinMode, PinProgress, PinState } from '../src/api/pins.ts'
import type { WhyEvent, WhyStep } from '../src/api/why.ts'
import { parseCid } from '../src/block/cid.ts'
import { verifyBlock } from '../src/block/hash.ts'
import type { Wait } from '../src/block/source.ts'
import { CairnError } from '../src/errors.ts'
import { LIMITS } from '../src/limits.ts'
import { VERSION } from '../src/version.ts'
import type { Endpoint } from './endpoint.ts'
import { readLines, readWhole, rpc } from './rpc-client.ts'

/** No answer about the node itself is longer: a guard against a port that something else took over. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024

export interface Remote {
  readonly endpoint: Endpoint
  id(wait: Wait): Promise<NodeId>
  /** The bytes of a block the daemon has or fetches; hashed here, for the network lies between. */
  blockGet(cid: CID, wait: Wait): Promise<Uint8Array>
  /** The signed record of a key, unchecked. */
  nameGet(key: string, wait: Wait): Promise<Uint8Array>
  pinAdd(
    cid: CID,
    options: Wait & PinMeta & { mode: PinMode; onProgress?: (progress: PinProgress) => void },
  ): Promise<Pick<Pin, 'cid' | 'mode' | 'name'>>
  /** By the id of the pin: how far those have come that the daemon is making. */
  pinStates(wait: Wait): Promise<ReadonlyMap<number, PinState>>
  why(path: string, wait: Wait): AsyncIterable<WhyEvent>
  swarmPeers(wait: Wait): Promise<readonly PeerInfo[]>
  swarmConnect(address: string, wait: Wait): Promise<{ id: string }>
  shutdown(wait: Wait): Promise<void>
}

export function createRemote(endpoint: Endpoint): Remote {
  const json = async <T>(path: string, query: readonly Query[], { signal }: Wait): Promise<T> => {
    const body = await readWhole(await rpc(endpoint, path, { query, signal }), MAX_ANSWER_BYTES)
    return JSON.parse(new TextDecoder().decode(body)) as T
  }
  return {
    endpoint,
    id: async wait => {
      const { ID, PublicKey, Addresses, Protocols } = await json<RpcId>('id', [], wait)
      const addresses = Addresses ?? []
      return { id: ID, publicKey: PublicKey, addresses, agentVersion: `cairn/${VERSION}`, protocols: Protocols ?? [] }
    },
    blockGet: async (cid, { signal }) => {
      const answer = await rpc(endpoint, 'block/get', { query: [['arg', cid.toString()]], signal })
      const bytes = await readWhole(answer, LIMITS.blockBytes.value)
      verifyBlock(cid, bytes)
      return bytes
    },
    nameGet: async (key, { signal }) => {
      const answer = await rpc(endpoint, 'name/get', { query: [['arg', key]], signal })
      return readWhole(answer, LIMITS.recordBytes.value)
    },
    pinAdd: (cid, options) => pinAdd(endpoint, cid, options),
    pinStates: async ({ signal }) => {
      const states = new Map<number, PinState>()
      for await (const line of readLines(await rpc(endpoint, 'pin/status', { query: [['running', 'true']], signal }))) {
        const { Id, Progress } = JSON.parse(line) as PinDocument
        if (Progress !== undefined) states.set(Id, Progress)
      }
      return states
    },
    why: (path, wait) => why(endpoint, path, wait),
    swarmPeers: async wait => {
      const { Peers } = await json<{ Peers: RpcPeer[] | null }>('swarm/peers', [['verbose', 'true']], wait)
      return (Peers ?? []).map(toPeerInfo)
    },
    swarmConnect: async (address, wait) => {
      await json('swarm/connect', [['arg', address]], wait)
      return { id: /\/p2p\/([^/]+)$/.exec(address)?.[1] ?? '' }
    },
    shutdown: async ({ signal }) => {
      await readWhole(await rpc(endpoint, 'shutdown', { query: [], signal }), MAX_ANSWER_BYTES)
    },
  }
}

type Query = readonly [string, string]

interface RpcId {
  readonly ID: string
  readonly PublicKey: string
  readonly Addresses: string[] | null
  readonly Protocols: string[] | null
}

interface RpcPeer {
  readonly Addr: string
  readonly Peer: string
  readonly Latency?: string
  readonly Direction?: number
  readonly Identify?: { readonly AgentVersion?: string; readonly Protocols?: string[] | null }
}

function toPeerInfo({ Addr, Peer, Direction, Latency, Identify }: RpcPeer): PeerInfo {
  const latencyMs = Latency === undefined ? Number.NaN : goDurationMs(Latency)
  return {
    id: Peer,
    address: Addr,
    direction: Direction === 1 ? 'inbound' : 'outbound',
    ...(Number.isFinite(latencyMs) && { latencyMs }),
    ...(Identify?.AgentVersion && { agentVersion: Identify.AgentVersion }),
    protocols: Identify?.Protocols ?? [],
  }
}

/** Go's `1m2.5s`, `830.1µs` → milliseconds; NaN for `n/a`. */
function goDurationMs(text: string): number {
  const units: Record<string, number> = { h: 3600e3, m: 60e3, s: 1e3, ms: 1, µs: 1e-3, us: 1e-3, ns: 1e-6 }
  const parts = [...text.matchAll(/([\d.]+)(ms|µs|us|ns|h|m|s)/g)]
  if (parts.length === 0) return Number.NaN
  return parts.reduce((sum, [, value, unit = '']) => sum + Number(value) * (units[unit] ?? 0), 0)
}

interface PinAnswer {
  readonly Pins?: string[] | null
  readonly Progress?: number
  readonly Bytes?: number
  readonly Waiting?: string
  readonly Message?: string
}

type Worded<T> = T extends CID ? string : T extends readonly WhyStep[] ? readonly { link: string; cid: string }[] : T
type WhyDocument = {
  readonly [E in WhyEvent as E['type']]: { readonly [K in keyof E]: Worded<E[K]> }
}[WhyEvent['type']]

async function* why(endpoint: Endpoint, path: string, { signal }: Wait): AsyncGenerator<WhyEvent> {
  for await (const line of readLines(await rpc(endpoint, 'why', { query: [['arg', path]], signal }))) {
    const event = JSON.parse(line) as WhyDocument & { readonly Message?: string }
    if (event.Message !== undefined) throw new CairnError('UNREACHABLE', event.Message)
    yield {
      ...event,
      ...('cid' in event && { cid: parseCid(event.cid) }),
      ...('root' in event && { root: parseCid(event.root) }),
      ...('path' in event && { path: event.path.map(({ link, cid }) => ({ link, cid: parseCid(cid) })) }),
    } as WhyEvent
  }
}

async function pinAdd(
  endpoint: Endpoint,
  cid: CID,
  { mode, name, owner, labels, expires, priority, onProgress, signal }: Parameters<Remote['pinAdd']>[1],
): Promise<Pick<Pin, 'cid' | 'mode' | 'name'>> {
  const query: Query[] = [
    ['arg', cid.toString()],
    ['recursive', String(mode === 'recursive')],
    // Without progress nothing would be sent until the end, and a broken daemon would look like a slow one.
    ['progress', 'true'],
    ...(name === undefined ? [] : [['name', name] as const]),
    ...(owner === undefined ? [] : [['owner', owner] as const]),
    ...(labels === undefined ? [] : [['labels', JSON.stringify(labels)] as const]),
    ...(expires === undefined ? [] : [['expires', String(expires)] as const]),
    ...(priority === undefined ? [] : [['priority', String(priority)] as const]),
    ['waiting', 'true'],
  ]
  let pinned: string | undefined
  for await (const line of readLines(await rpc(endpoint, 'pin/add', { query, signal }))) {
    const answer = JSON.parse(line) as PinAnswer
    if (answer.Message !== undefined) throw new CairnError('UNREACHABLE', answer.Message)
    const { Progress, Bytes = 0, Waiting } = answer
    if (Progress !== undefined || Waiting !== undefined)
      onProgress?.({
        blocks: Progress ?? 0,
        bytes: Bytes,
        fetched: 0,
        ...(Waiting !== undefined && { waiting: Waiting }),
      })
    pinned ??= answer.Pins?.[0]
  }
  if (pinned === undefined) throw new CairnError('UNREACHABLE', `the daemon broke off while it pinned ${cid}`)
  return { cid: parseCid(pinned), mode, name: name ?? '' }
}
