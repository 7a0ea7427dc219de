// A daemon at work: its commits happen on a thread of their own, its collections and backups on another.

import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cairnOk, startDaemon } from '../support/cairn.ts'
import { randomBytes } from '../support/files.ts'
import type { Ledger } from './invariants.ts'
import type { RunContext, Scenario } from './kill-points.ts'
import { daemonApi, NOTHING, type World } from './scenarios.ts'

const CID = /\b(?:baf[a-z2-7]{50,}|Qm\w{44})\b/g

/** What it has on other machines, for those that fetch. */
export interface Peer {
  readonly address: string
  readonly pinnedThere: string
  readonly readThere: string
}

/** A daemon on loopback that has what the world has not. */
export async function startPeer(work: string): Promise<Peer & { kill(): Promise<void> }> {
  const [repo, there] = [join(work, 'peer'), join(work, 'there')]
  mkdirSync(there)
  const add = (path: string) => cairnOk(['add', '-Q', '-s', 'size-90000', path], { repo })
  for (const [name, seed] of [
    ['read', 30],
    ['more', 31],
  ] as const)
    writeFileSync(join(there, name), randomBytes(seed)(200_000))
  const readThere = await add(join(there, 'read'))
  const pinnedThere = await add(there)
  const { swarm, kill } = await startDaemon({ repo, mode: 'lan' })
  return { address: swarm[0] ?? '', readThere, pinnedThere, kill }
}

/** Answers until it dies; after that undefined. */
type Ask = (path: string, file?: string) => Promise<string[] | undefined>

/** Starts it, lets `work` ask, shuts it down; all that was answered before it died is acknowledged. */
async function withDaemon(
  { start }: RunContext,
  { flags, env }: { flags: readonly string[]; env?: Record<string, string> },
  work: (ask: Ask) => Promise<void>,
): Promise<void> {
  const listen = ['--json', '--gateway', '127.0.0.1:0', '--api', '127.0.0.1:0', '--swarm', '/ip4/127.0.0.1/tcp/0']
  const child = start(['daemon', ...listen, ...flags], { CAIRN_DAEMON_MDNS: 'false', ...env })
  const closed = once(child, 'close')
  child.stderr?.resume()
  const api = await daemonApi(child)
  child.stdout?.resume()
  if (api !== undefined) {
    const refusals: string[] = []
    const ask = createAsk(api, closed, refusals)
    await work(ask)
    await ask('shutdown')
    await closed
    // One that dies may say so before it does.
    if (child.signalCode !== 'SIGKILL' && refusals.length > 0) throw new Error(refusals.join('; '))
  }
  await closed
}

function createAsk(api: string, closed: Promise<unknown>, refusals: string[]): Ask {
  let isDead = false
  closed.then(() => {
    isDead = true
  })
  return async (path, file) => {
    if (isDead) return undefined
    const form = new FormData()
    if (file !== undefined) form.append('file', new Blob([readFileSync(file)]), 'f')
    try {
      const response = await fetch(`${api}/api/v0/${path}`, { method: 'POST', ...(file && { body: form }) })
      const said = await response.text()
      if (response.ok) return said.match(CID) ?? []
      refusals.push(`${path}: ${response.status} ${said}`)
    } catch (error) {
      // A connection that breaks is the death that was asked for.
      if (!(error instanceof TypeError)) throw error
    }
    return undefined
  }
}

const merged = (a: Ledger, b: Partial<Ledger>): Ledger => ({
  whole: [...a.whole, ...(b.whole ?? [])],
  pinned: [...a.pinned, ...(b.pinned ?? [])],
  unpinned: [...a.unpinned, ...(b.unpinned ?? [])],
})

export function daemonScenarios({ base, inputs, ledger, car, tree, packed, loose, single }: World): Scenario[] {
  const add = 'add?pin=true&raw-leaves=true&chunker=size-65536'
  return [
    {
      name: 'daemon-adds',
      base,
      ledger,
      run: async context => {
        let acknowledged = NOTHING
        await withDaemon(context, { flags: ['--mode', 'offline'] }, async ask => {
          const pinned = (await ask(add, join(inputs, 'new-packed'))) ?? []
          const put = (await ask('block/put?cid-codec=raw', join(inputs, 'new-small'))) ?? []
          const imported = (await ask('dag/import', car)) ?? []
          acknowledged = merged(NOTHING, {
            whole: [...pinned, ...put, ...imported],
            pinned: [...pinned, ...imported],
          })
        })
        return acknowledged
      },
    },
    {
      name: 'daemon-changes',
      base,
      ledger: { ...ledger, whole: [tree, packed, loose], pinned: [tree, packed] },
      run: async context => {
        let acknowledged = NOTHING
        await withDaemon(context, { flags: ['--mode', 'offline'] }, async ask => {
          const pinned = (await ask(`pin/add?arg=${loose}`)) ?? []
          const unpinned = (await ask(`pin/rm?arg=${single}`)) ?? []
          acknowledged = merged(NOTHING, { whole: pinned, pinned, unpinned })
        })
        return acknowledged
      },
    },
    {
      // By itself: strace counts the calls of each thread, and kills at the first that gets so far.
      name: 'daemon-gc',
      base,
      ledger,
      run: async context => {
        await withDaemon(context, { flags: ['--mode', 'offline'] }, async ask => {
          await ask('repo/gc?silent=true')
        })
        return NOTHING
      },
    },
  ]
}

export function fetchScenario({ base, ledger }: World, { address, pinnedThere, readThere }: Peer): Scenario {
  return {
    name: 'daemon-fetches',
    // Both lanes would be the same peer at the same time.
    lanes: 1,
    base,
    ledger,
    run: async context => {
      let acknowledged = NOTHING
      const flags = ['--mode', 'lan', '--connect', address]
      await withDaemon(context, { flags, env: { CAIRN_MODE: 'lan' } }, async ask => {
        // Into the cache first; a part of it becomes kept by the pin that follows.
        await ask(`cat?arg=${readThere}`)
        const pinned = (await ask(`pin/add?arg=${pinnedThere}`)) ?? []
        acknowledged = merged(NOTHING, { whole: pinned, pinned })
      })
      return acknowledged
    },
  }
}
