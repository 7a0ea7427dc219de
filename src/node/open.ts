// Opening a node: the repository, its store, pins, content and, when it is wanted, the network.

import type { UnixFS } from '@helia/unixfs'
import type { CID } from 'multiformats/cid'
import type { NodeId, PeerInfo } from '../api/network.ts'
import type { CairnNode } from '../api/node.ts'
import type { Config } from '../config/schema.ts'
import { dagStat } from '../dag/walk.ts'
import { CairnError } from '../errors.ts'
import { openUnixfs } from '../files/unixfs.ts'
import type { FindRecord } from '../names/ask-all.ts'
import type { Network } from '../net/network.ts'
import type { Logger } from '../observe/log.ts'
import { createPins } from '../pins/pins.ts'
import { DenyService } from '../policy/deny-service.ts'
import type { Denylist } from '../policy/denylist.ts'
import { guardFetch, guardNames } from '../policy/guard.ts'
import { openStore } from '../store/open.ts'
import { checkRepoExists, initRepo, repoExists } from '../store/repo.ts'
import type { Store } from '../store/store.ts'
import { parseDuration, parseSize } from '../units.ts'
import { VERSION } from '../version.ts'
import { addFiles, importCar, putBlocks } from './adding.ts'
import type { ChoreRunner } from './chore-table.ts'
import { ChoreThread, choresHere } from './chores.ts'
import { createContent } from './content.ts'
import { createNamesApi } from './names.ts'
import { createNetworkHandle, type NetworkUse } from './network-handle.ts'
import { pinOptions } from './pin-options.ts'
import { createRepoApi, makeRoomBy, type RepoParts } from './repo-api.ts'
import { createRouting } from './routing.ts'
import { createSources, type FetchBlock, guardSources } from './sources.ts'
import { startUpkeep } from './upkeep.ts'
import { UPKEEP_TASKS } from './upkeep-tasks.ts'

export interface OpenNodeOptions {
  /** The repository's folder. */
  readonly repo: string
  readonly config: Config
  readonly log: Logger
  /** `daemon`: long-lived, writes from a worker thread. `command`: short, writes on this thread. */
  readonly role: 'command' | 'daemon'
  /** `never`: what is missing stays missing. `lazy`: the network starts when it is first needed. `eager`: in the background at once. */
  readonly network: NetworkUse
  /** Make the repository if there is none. */
  readonly createIfMissing?: boolean
  /** Asks a running daemon for what is missing here, in place of a network of our own. */
  readonly fetchBlock?: FetchBlock
  /** The same for the records of names. */
  readonly findRecords?: FindRecord
}

const NEVER = new AbortController().signal

export async function openNode(options: OpenNodeOptions): Promise<LocalNode> {
  const { repo, config, log, role } = options
  if (!repoExists(repo)) {
    if (options.createIfMissing !== true) checkRepoExists(repo)
    await initRepo(repo)
  }
  const deny = new DenyService({
    repo,
    config: config.deny,
    log: log.part('deny'),
    isCommand: role === 'command',
  })
  // A command may never ask; what a daemon serves is asked for at once, and a million rules take a second.
  if (role === 'daemon') await deny.load({ signal: NEVER })
  const graceMs = parseDuration(config.store.grace)
  const limits = { path: repo, maxBytes: parseSize(config.store.max), verify: config.store.verify, graceMs }
  const store: Store = await openStore({
    ...limits,
    cacheBytes: parseSize(config.store.cache),
    commit: role === 'daemon' ? 'worker' : 'inline',
    log: log.part('store'),
    makeRoom: () => makeRoomBy(chores, { graceMs }),
  })
  const failure = () => store.database.failure
  const chores = role === 'daemon' ? new ChoreThread({ ...limits, log, failure }) : choresHere(store, log)
  const parts = { store, chores, graceMs, deny }
  return new LocalNode(options, role === 'daemon' ? { ...parts, pace: config.store.gcPace } : parts)
}

/** A node on this machine's own disk; disposing it stops the network and closes the store. */
export class LocalNode implements CairnNode {
  readonly version = VERSION
  readonly store: Store
  readonly content: CairnNode['content']
  readonly localContent: CairnNode['content']
  readonly names: CairnNode['names']
  readonly pins: CairnNode['pins']
  readonly repo: CairnNode['repo']
  readonly routing: CairnNode['routing']
  /** The denylists with their files. */
  readonly deny: DenyService
  readonly swarm: CairnNode['swarm']
  readonly #network: ReturnType<typeof createNetworkHandle>
  readonly #chores: ChoreRunner
  readonly #log: Logger
  readonly #upkeep: AsyncDisposable

  constructor(options: OpenNodeOptions, { store, chores, deny, ...rest }: RepoParts & { readonly deny: DenyService }) {
    this.store = store
    this.#chores = chores
    this.#log = options.log
    this.deny = deny
    const { denylist } = deny
    this.#network = createNetworkHandle(options, { store, denylist })
    const open = options.fetchBlock === undefined ? this.#network.session : () => options.fetchBlock as FetchBlock
    const session = open === undefined ? undefined : (root: CID) => guardFetch(open(root), denylist)
    const sources = guardSources(createSources({ store, session }), denylist)
    this.content = createContent({ store, sources, denylist })
    const here = guardSources(createSources({ store }), denylist)
    this.localContent = createContent({ store, sources: here, denylist })
    const names = createNamesApi({ config: options.config, store, findRecords: this.#network.findRecords })
    this.names = guardNames(names, denylist)
    this.routing = createRouting({ store, denylist, network: this.#network })
    this.pins = createPins({
      ...pinOptions(options.config),
      store,
      sourceFor: root => sources.ofPin(root),
      refuse: cid => {
        if (denylist.isActive) denylist.refuse({ cid }, 'pin')
      },
      log: options.log.part('pins'),
    })
    this.repo = createRepoApi({ store, chores, ...rest, session, sources, log: options.log.part('repair') })
    this.swarm = {
      peers: async (): Promise<readonly PeerInfo[]> => (await this.#network.running()).peers(),
      connect: async (address, wait) => (await this.#network.running()).connect(address, wait),
    }
    const { config, log, role } = options
    this.#upkeep = startUpkeep(role === 'daemon' ? UPKEEP_TASKS : [], {
      node: this,
      store,
      chores,
      deny: this.deny,
      config,
      log,
    })
  }

  get denylist(): Denylist {
    return this.deny.denylist
  }

  /** The running network, if there is one: what the daemon prints and the console shows. */
  get network(): Network | undefined {
    return this.#network.current()
  }

  /** Asks this node's peers for the records of a key; undefined where it has none. */
  get findRecords(): FindRecord | undefined {
    return this.#network.findRecords
  }

  /** Resolves when an eagerly started network is up (or never will be). */
  get networkReady(): Promise<Network | undefined> {
    return this.#network.started
  }

  /** Folders as @helia/unixfs edits them, over this node's store. */
  unixfs(): Promise<UnixFS> {
    return openUnixfs(this)
  }

  id(): Promise<NodeId> {
    return this.#network.id()
  }

  add: CairnNode['add'] = (sources, options) => addFiles(this, sources, options)

  putBlocks: CairnNode['putBlocks'] = (blocks, options) => putBlocks(this, blocks, options)

  async removeBlock(cid: CID, options: { signal: AbortSignal; force?: boolean }): Promise<void> {
    const { RARE } = await import('./chore-work.ts')
    const removed = await RARE.removeUnkept(this.store, cid, options)
    if (!removed && options.force !== true)
      throw new CairnError('BLOCK_NOT_LOCAL', `ipld: could not find ${cid}`, { hint: '' })
  }

  async purgeBlocks(cids: readonly CID[], options: { signal: AbortSignal; force?: boolean }): Promise<CID[]> {
    const { RARE } = await import('./chore-work.ts')
    return RARE.purgeBlocks(this.store, cids, { ...options, log: this.#log.part('purge') })
  }

  importCar: CairnNode['importCar'] = (content, options) => importCar(this, content, options)

  dagStat(cid: CID, options: { signal: AbortSignal }): Promise<{ blocks: number; totalBytes: number }> {
    return dagStat(this.content.blocks(cid), cid, options)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#upkeep[Symbol.asyncDispose]()
    await this.#network.stop()
    this.deny[Symbol.dispose]()
    await this.store[Symbol.asyncDispose]()
    await this.#chores[Symbol.asyncDispose]()
  }
}
