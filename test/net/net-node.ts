// Real networks on loopback for tests: each with a repository and a memory store of its own, all stopped at the end.

import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryDatastore } from 'datastore-core'
import { type Config, configSchema } from '../../src/config/schema.ts'
import { type Network, startNetwork } from '../../src/net/network.ts'
import { createLogger, SILENT } from '../../src/observe/log.ts'
import { MemoryStore } from './memory-store.ts'

export interface NetNode {
  readonly network: Network
  readonly store: MemoryStore
  readonly repo: string
  readonly lines: string[]
}

export interface NetNodeOptions {
  readonly mode?: Config['mode']
  readonly repo?: string
  readonly listen?: readonly string[]
  readonly peers?: readonly string[]
  readonly swarmKey?: string
  readonly role?: 'daemon' | 'client'
  readonly store?: MemoryStore
  readonly bootstrap?: readonly string[]
  readonly announce?: readonly string[]
  /** Only in a namespace of its own (namespace.ts). */
  readonly mdns?: boolean
}

const started = new Set<Network>()
const LOOPBACK = ['/ip4/127.0.0.1/tcp/0']

/** Private or lan with mDNS off: a test never speaks to anything but loopback. */
export async function startNode(options: NetNodeOptions = {}): Promise<NetNode> {
  const {
    mode = 'lan',
    repo = mkdtempSync(join(tmpdir(), 'net-')),
    listen = LOOPBACK,
    peers = [],
    role = 'daemon',
    bootstrap = [],
    announce = [],
    mdns = false,
  } = options
  if (options.swarmKey !== undefined) writeFileSync(join(repo, 'swarm.key'), options.swarmKey)
  const store = options.store ?? new MemoryStore()
  const lines: string[] = []
  const network = await startNetwork({
    config: configSchema.parse({ mode, swarm: { listen, peers, bootstrap, announce }, daemon: { mdns } }),
    repo,
    store: store.asStore(),
    datastore: new MemoryDatastore(),
    log:
      process.env.LOG === undefined
        ? createLogger({ level: 'info', format: 'json', write: line => lines.push(line) })
        : SILENT,
    role,
    signal: new AbortController().signal,
  })
  started.add(network)
  return { network, store, repo, lines }
}

export async function stopNodes(): Promise<void> {
  await Promise.all([...started].map(network => network.stop()))
  started.clear()
}

export async function connect(from: NetNode, to: NetNode): Promise<void> {
  await from.network.connect(to.network.addresses()[0] ?? '', { signal: AbortSignal.timeout(10_000) })
}
