// Queues of pins for tests: a clock that is set by hand, a network that can be opened and closed, and workers that are stopped.

import type { CID } from 'multiformats/cid'
import type { Pin, PinsApi } from '../../src/api/pins.ts'
import type { BlockSource } from '../../src/block/source.ts'
import { CairnError } from '../../src/errors.ts'
import { SILENT } from '../../src/observe/log.ts'
import type { Clock } from '../../src/pins/clock.ts'
import { createPins } from '../../src/pins/pins.ts'
import type { PinsOptions } from '../../src/pins/pins-context.ts'
import type { Store } from '../../src/store/store.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'
import { folder, type MadeDag } from './dags.ts'
import { withNetwork } from './support.ts'

/** Both stand still until they are moved. */
export class HandClock implements Clock {
  steadyMs = 1_800_000_000_000
  wallMs = 1_800_000_000_000

  steady(): number {
    return this.steadyMs
  }

  wall(): number {
    return this.wallMs
  }

  /** Time passes. */
  pass(ms: number): void {
    this.steadyMs += ms
    this.wallMs += ms
  }
}

/** A network with a switch: closed, it has nothing. Counts how many roots are walked at once and how often each. */
export class Switchboard {
  open = true
  readonly walked: string[] = []
  readonly #network: MemoryBlocks
  /** By root, the blocks of it that are being asked for. */
  readonly #active = new Map<string, number>()
  most = 0

  constructor(network: MemoryBlocks) {
    this.#network = network
  }

  #count(name: string, change: number): void {
    const now = (this.#active.get(name) ?? 0) + change
    if (now === 0) this.#active.delete(name)
    else this.#active.set(name, now)
    this.most = Math.max(this.most, this.#active.size)
  }

  sourceFor(store: Store, root: CID): BlockSource {
    const source = withNetwork(store, this.#network)
    const name = String(root)
    return {
      ...source,
      get: async (cid, wait) => {
        if (cid.equals(root)) this.walked.push(name)
        this.#count(name, 1)
        try {
          if (!this.open) throw new CairnError('UNREACHABLE', 'no provider found')
          return await source.get(cid, wait)
        } catch (error) {
          throw error instanceof CairnError && error.code === 'BLOCK_NOT_LOCAL'
            ? new CairnError('UNREACHABLE', 'no provider found', { cause: error })
            : error
        } finally {
          this.#count(name, -1)
        }
      },
    }
  }
}

export function queuePins(store: Store, board: Switchboard, options: Partial<PinsOptions> = {}): PinsApi {
  return createPins({ store, sourceFor: root => board.sourceFor(store, root), log: SILENT, ...options })
}

/** Works the queue off for as long as the result lives. */
export function working(pins: PinsApi): AsyncDisposable {
  const stop = new AbortController()
  const work = pins.work({ signal: stop.signal })
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await work
    },
  }
}

/** Looks until it is so; what waits for a worker has no other event than the row. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 2000; tries++) {
    if (await isSo()) return
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  throw new Error(`in vain waited for: ${what}`)
}

export const describe = ({ status, attempts, error }: Pin): string => `${status} ${attempts} ${error}`.trimEnd()

export const dags = (count: number, prefix = 'q'): MadeDag[] =>
  Array.from({ length: count }, (_, index) => folder([`${prefix}${index} a`, `${prefix}${index} b`]))

export function networkOf(made: readonly MadeDag[], delayMs = 0): MemoryBlocks {
  const network = new MemoryBlocks({ delayMs })
  for (const { blocks } of made) for (const block of blocks) network.put(block)
  return network
}
