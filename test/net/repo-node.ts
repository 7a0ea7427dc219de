// Nodes with a real repository each, on loopback: store, pins and network, put together as a node puts them.

import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CID } from 'multiformats/cid'
import type { PinsApi } from '../../src/api/pins.ts'
import { configSchema } from '../../src/config/schema.ts'
import { type Network, startNetwork } from '../../src/net/network.ts'
import { addFiles } from '../../src/node/adding.ts'
import { createSources, type Sources } from '../../src/node/sources.ts'
import { SILENT } from '../../src/observe/log.ts'
import { createPins } from '../../src/pins/pins.ts'
import { Denylist } from '../../src/policy/denylist.ts'
import { sqliteDatastore } from '../../src/store/datastore.ts'
import { openStore } from '../../src/store/open.ts'
import { initRepo } from '../../src/store/repo.ts'
import type { Store } from '../../src/store/store.ts'
import { GiB, MiB } from '../../src/units.ts'

export interface RepoNode extends AsyncDisposable {
  readonly repo: string
  readonly store: Store
  readonly network: Network
  readonly sources: Sources
  readonly pins: PinsApi
  /** Adds a file or folder of this machine, pinned. */
  add(path: string): Promise<CID>
}

export async function startRepoNode(
  repo = mkdtempSync(join(tmpdir(), 'repo-node-')),
  denylist = new Denylist(),
): Promise<RepoNode> {
  await initRepo(repo)
  const limits = { maxBytes: 10 * GiB, cacheBytes: 16 * MiB, graceMs: 3_600_000 }
  const store = await openStore({ path: repo, ...limits, verify: 'crc', commit: 'worker' })
  const network = await startNetwork({
    config: configSchema.parse({ mode: 'lan', swarm: { listen: ['/ip4/127.0.0.1/tcp/0'] }, daemon: { mdns: false } }),
    repo,
    store,
    denylist,
    datastore: sqliteDatastore(store),
    log: SILENT,
    role: 'daemon',
    signal: new AbortController().signal,
  })
  const sources = createSources({
    store,
    session: root => {
      const session = network.session(root)
      return (cid, wait) => session.fetch(cid, wait)
    },
  })
  return {
    repo,
    store,
    network,
    sources,
    pins: createPins({ store, sourceFor: root => sources.of(root), log: SILENT }),
    add: path => addPath(store, path),
    [Symbol.asyncDispose]: async () => {
      await network.stop()
      await store[Symbol.asyncDispose]()
    },
  }
}

async function addPath(store: Store, path: string): Promise<CID> {
  const signal = new AbortController().signal
  for await (const event of addFiles({ store, denylist: new Denylist() }, [{ kind: 'path', path }], { signal })) {
    if (event.type === 'done' && event.roots[0] !== undefined) return event.roots[0]
  }
  throw new Error(`nothing was added from ${path}`)
}
