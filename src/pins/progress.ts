// How far a pin has come that is being made here: rate, time left, what is missing, and what it waits for.

import type { PinProgress, PinState } from '../api/pins.ts'
import { DAG_PB } from '../block/cid.ts'
import { scanPb } from '../block/scan-pb.ts'
import type { BlockSource, FetchState } from '../block/source.ts'
import { formatDuration } from '../units.ts'
import type { KeepWalk } from './keep-dag.ts'

/** The rate is that of so long. */
const WINDOW_MS = 10_000
/** Silence up to this is nothing to speak of. */
const STUCK_MS = 5_000
/** So many known links are looked up to say how many blocks are missing; a look is some microseconds. */
const MOST_LOOKS = 2_000

export interface Watched {
  readonly walk: KeepWalk
  readonly source: BlockSource
  /** The codec of the root. */
  readonly codec: number
}

export class ProgressMeter {
  readonly #watched: Watched
  readonly #now: () => number
  readonly #startedAt: number
  #samples: { readonly at: number; readonly bytes: number; readonly blocks: number }[]
  #movedAt: number

  constructor(watched: Watched, now: () => number = () => performance.now()) {
    this.#watched = watched
    this.#now = now
    this.#startedAt = now()
    this.#movedAt = this.#startedAt
    this.#samples = [{ at: this.#startedAt, bytes: 0, blocks: 0 }]
  }

  /** To be called now and then, at least once a second. */
  sample(): void {
    const { bytes, blocks } = this.#watched.walk.progress
    const at = this.#now()
    if (blocks !== this.#samples.at(-1)?.blocks) this.#movedAt = at
    this.#samples.push({ at, bytes, blocks })
    while (this.#samples.length > 2 && at - (this.#samples[0]?.at ?? at) > WINDOW_MS) this.#samples.shift()
  }

  get idleMs(): number {
    return this.#now() - this.#movedAt
  }

  get runningMs(): number {
    return Math.round(this.#now() - this.#startedAt)
  }

  /** Why nothing comes, whether or not that has lasted. */
  get reason(): string {
    return describeWait(this.#watched.source.fetchState?.(), this.idleMs)
  }

  /** Empty while it moves. */
  get waiting(): string {
    return this.#watched.walk.fetching === 0 || this.idleMs < STUCK_MS ? '' : this.reason
  }

  get progress(): PinProgress {
    const { waiting } = this
    return { ...this.#watched.walk.progress, ...(waiting !== '' && { waiting }) }
  }

  get state(): PinState {
    this.sample()
    const { walk, source, codec } = this.#watched
    const first = this.#samples[0]
    const spanMs = this.#now() - (first?.at ?? 0)
    const { bytes } = walk.progress
    const bytesPerSecond = spanMs > 0 ? Math.round(((bytes - (first?.bytes ?? 0)) / spanMs) * 1000) : 0
    const totalBytes = walk.rootBytes && claimedBytes(codec, walk.rootBytes)
    const leftBytes = (totalBytes ?? 0) - bytes
    const { cids, more } = walk.upcoming(MOST_LOOKS)
    return {
      ...walk.progress,
      missing: walk.fetching + cids.filter(cid => !source.has(cid)).length,
      missingAtLeast: more,
      bytesPerSecond,
      totalBytes,
      etaMs: leftBytes > 0 && bytesPerSecond > 0 ? Math.round((leftBytes / bytesPerSecond) * 1000) : undefined,
      runningMs: this.runningMs,
      peers: source.fetchState?.(),
      waiting: this.waiting,
    }
  }
}

/** What the links of a dag-pb root say of the sizes below them, which nobody has checked; undefined if they say nothing. */
export function claimedBytes(codec: number, root: Uint8Array): number | undefined {
  if (codec !== DAG_PB) return undefined
  let total = root.byteLength
  scanPb(root, (_start, _end, _nameStart, _nameEnd, totalBytes) => {
    total += Math.max(0, totalBytes)
  })
  return Number.isSafeInteger(total) ? total : undefined
}

const count = (n: number, one: string, more = `${one}s`): string => `${n} ${n === 1 ? one : more}`

/** What keeps a fetch from going on, in the words of its user. */
export function describeWait(peers: FetchState | undefined, idleMs: number): string {
  const nothing = `nothing came for ${formatDuration(idleMs < 1000 ? idleMs : Math.floor(idleMs / 1000) * 1000)}`
  if (peers === undefined) return `waiting for blocks; ${nothing}`
  const { connected, asked, answered } = peers
  if (connected === 0) return `no peer is connected; ${describeProviders(peers)}`
  return `${describeProviders(peers)}; ${count(asked, 'peer')} asked, ${answered} answered; ${nothing}`
}

function describeProviders({ providers, searches, noSearch }: FetchState): string {
  if (providers > 0) return `${count(providers, 'provider')} known`
  if (noSearch !== undefined) return `no provider known (${noSearch})`
  return `no provider found${searches === 0 ? '' : ` after ${count(searches, 'search', 'searches')}`}`
}
