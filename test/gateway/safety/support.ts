// A gateway over a real repository whose network is a script: blocks come when the test says so, or never.

import { EventEmitter, once } from 'node:events'
import type { CID } from 'multiformats/cid'
import { blockKey } from '../../../src/block/cid.ts'
import { type Config, configSchema } from '../../../src/config/schema.ts'
import { CairnError } from '../../../src/errors.ts'
import { type LocalNode, openNode } from '../../../src/node/open.ts'
import { createLogger, type Logger } from '../../../src/observe/log.ts'
import { METRICS } from '../../../src/observe/metrics.ts'
import { temporaryFolder } from '../../support/cairn.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { addTree, startGateway, type TestGateway, type TestGatewayOptions, type Tree } from '../support.ts'

export const never = new AbortController().signal

/** Has what was put into it; everything else it lets wait until the reader gives up. */
export class ScriptedNetwork {
  readonly blocks = new MemoryBlocks()
  readonly asked: CID[] = []
  readonly #events = new EventEmitter()
  waiting = 0

  readonly fetchBlock = async (cid: CID, { signal }: { signal: AbortSignal }): Promise<Uint8Array> => {
    this.asked.push(cid)
    this.waiting++
    this.#events.emit('change')
    try {
      if (this.blocks.has(cid)) return await this.blocks.get(cid, { signal })
      await new Promise(resolve => {
        if (signal.aborted) resolve(undefined)
        signal.addEventListener('abort', resolve, { once: true })
      })
      if ((signal.reason as Error).name !== 'TimeoutError') throw signal.reason
      const tried = ['peer 12D3KooWone: did not answer', 'the DHT: no provider']
      throw new CairnError('UNREACHABLE', `no peer gave ${cid}`, { cause: signal.reason, tried })
    } finally {
      this.waiting--
      this.#events.emit('change')
    }
  }

  /** Until so many readers wait for a block. */
  async untilWaiting(count: number): Promise<void> {
    while (this.waiting !== count) await once(this.#events, 'change')
  }

  hasAsked(cid: CID): boolean {
    return this.asked.some(one => blockKey(one) === blockKey(cid))
  }
}

export interface SafeGateway extends AsyncDisposable {
  readonly gateway: TestGateway
  readonly node: LocalNode
  readonly network: ScriptedNetwork
  readonly repo: string
  /** Stored here, not pinned. */
  store(tree: Tree): Promise<CID>
  /** To be had from the network alone. */
  elsewhere(tree: Tree): Promise<CID>
}

export interface SafeOptions extends Omit<TestGatewayOptions, 'content' | 'node' | 'network' | 'memory' | 'repo'> {
  readonly config?: Partial<Config['gateway']>
}

export async function safeGateway(options: SafeOptions = {}): Promise<SafeGateway> {
  const repo = temporaryFolder('safe')
  const network = new ScriptedNetwork()
  const log = createLogger({ level: 'error', format: 'text', write: () => {} })
  const config = configSchema.parse({ mode: 'lan' })
  const { fetchBlock } = network
  const node = await openNode({
    repo,
    config,
    log,
    role: 'command',
    network: 'never',
    createIfMissing: true,
    fetchBlock,
  })
  const { content, localContent, pins, denylist } = node
  const gateway = await startGateway({
    ...options,
    repo,
    mode: 'public',
    content,
    node: { localContent, pins, denylist },
  })
  const made = async (tree: Tree) => {
    const blocks = new MemoryBlocks()
    const root = await addTree(blocks, tree)
    const all = await blocksOf(blocks, root)
    return { root, all }
  }
  return {
    gateway,
    node,
    network,
    repo,
    store: async tree => {
      const { root, all } = await made(tree)
      await node.putBlocks(all, { signal: never })
      return root
    },
    elsewhere: async tree => {
      const { root, all } = await made(tree)
      for (const { cid, bytes } of all) network.blocks.put({ cid, bytes, hasLinks: false })
      return root
    },
    [Symbol.asyncDispose]: async () => {
      await gateway.close()
      await node[Symbol.asyncDispose]()
    },
  }
}

export async function blocksOf(blocks: MemoryBlocks, root: CID): Promise<{ cid: CID; bytes: Uint8Array }[]> {
  const { walkDag } = await import('../../../src/dag/walk.ts')
  const all: { cid: CID; bytes: Uint8Array }[] = []
  for await (const { cid } of walkDag(blocks, root, { signal: never })) {
    all.push({ cid, bytes: await blocks.get(cid, { signal: never }) })
  }
  return all
}

/** What a counter of refusals has counted so far. */
export function refused(why: string): number {
  const sample = [...METRICS.gatewayRefused.samples()].find(({ labels }) => labels.why === why)
  return sample?.value ?? 0
}

export interface Logged {
  readonly log: Logger
  readonly lines: readonly string[]
}

export function logged(): Logged {
  const lines: string[] = []
  return { lines, log: createLogger({ level: 'debug', format: 'json', write: line => lines.push(line) }) }
}
