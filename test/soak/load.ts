// The mixed load of a soak: writers, readers, killed commands and collections around one daemon, until told to stop.

import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cairn, type TestDaemon } from '../support/cairn.ts'
import { hashOf, type Ledger } from './ledger.ts'

export interface Soaking {
  readonly daemon: TestDaemon
  readonly repo: string
  readonly work: string
  readonly ledger: Ledger
  /** Above this the oldest are unpinned. */
  readonly mostHeldBytes: number
  readonly counts: Record<'adds' | 'reads' | 'kills' | 'collections' | 'hangups' | 'unpins' | 'refused', number>
  /** What must never be: each is a line of the report. */
  readonly wrong: string[]
  isOver(): boolean
}

/** A connection of its own each: one kept alive may be closed for its silence in the moment in which it is used again. */
const rpc = (daemon: TestDaemon, path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${daemon.api}/api/v0/${path}`, {
    method: 'POST',
    headers: { connection: 'close' },
    ...init,
    signal: AbortSignal.timeout(120_000),
  })

/** Most are small, some have many blocks. */
const someBytes = (): Buffer => randomBytes(Math.random() < 0.8 ? 1 + Math.floor(Math.random() * 60_000) : 3_000_000)

const LOADS: readonly ((soaking: Soaking) => Promise<void>)[] = [
  addByRpc,
  addByRpc,
  addByCommand,
  addByCommand,
  ...Array.from({ length: 8 }, () => read),
  hangUp,
  collect,
  makeRoom,
  killCommands,
]

export async function soak(soaking: Soaking): Promise<void> {
  await Promise.all(
    LOADS.map(async load => {
      while (!soaking.isOver()) {
        // A connection that fails is a failure of the daemon: nobody else is there to break it.
        await load(soaking).catch(error => {
          soaking.wrong.push(`${load.name}: ${error} ← ${error.cause}`)
          if (soaking.daemon.child.exitCode !== null) throw error
        })
      }
    }),
  )
}

async function addByRpc({ daemon, ledger, counts, wrong }: Soaking): Promise<void> {
  const bytes = someBytes()
  const body = new FormData()
  body.append('file', new Blob([new Uint8Array(bytes)]), 'f')
  const response = await rpc(daemon, 'add?cid-version=1&quieter=true', { body })
  const text = await response.text()
  if (response.ok) {
    ledger.add(JSON.parse(text.trim().split('\n').at(-1) ?? '').Hash, bytes)
    counts.adds++
  } else if (response.status === 507 || text.includes('store.max')) counts.refused++
  else wrong.push(`add: ${response.status} ${text.slice(0, 200)}`)
}

async function addByCommand({ repo, ledger, counts, wrong }: Soaking): Promise<void> {
  const bytes = someBytes()
  const { code, stdout, stderr } = await cairn(['add', '-Q'], { repo, input: bytes })
  if (code === 0) {
    ledger.add(stdout.trim(), bytes)
    counts.adds++
  } else if (code === 8) counts.refused++
  else wrong.push(`cairn add: exit ${code} ${stderr.slice(0, 200)}`)
  await sleep(50)
}

/** An entry that was taken out while it was read may have gone: nothing else may. */
async function read({ daemon, ledger, counts, wrong }: Soaking): Promise<void> {
  const entry = ledger.pick()
  if (entry === undefined) return void (await sleep(20))
  const response = await fetch(`${daemon.gateway}/ipfs/${entry.cid}`, {
    headers: { connection: 'close' },
    signal: AbortSignal.timeout(60_000),
  })
  const bytes = await response.arrayBuffer().then(
    buffer => new Uint8Array(buffer),
    () => undefined,
  )
  counts.reads++
  const isRight = response.ok && bytes !== undefined && hashOf(bytes) === entry.sha256
  if (response.ok && bytes !== undefined && !isRight) wrong.push(`${entry.cid}: wrong bytes were served`)
  else if (!isRight && ledger.has(entry)) wrong.push(`${entry.cid}: ${response.status}, ${bytes?.byteLength} bytes`)
  await sleep(5)
}

/** A client that vanishes in the middle of an answer. */
async function hangUp({ daemon, ledger, counts }: Soaking): Promise<void> {
  const entry = ledger.pick()
  if (entry !== undefined) {
    const abort = new AbortController()
    await fetch(`${daemon.gateway}/ipfs/${entry.cid}`, { signal: abort.signal }).then(
      response => response.body?.getReader().read(),
      () => undefined,
    )
    abort.abort()
    counts.hangups++
  }
  await sleep(100)
}

async function collect({ daemon, counts, wrong }: Soaking): Promise<void> {
  await sleep(3_000)
  const response = await rpc(daemon, 'repo/gc')
  const text = await response.text()
  if (response.ok) counts.collections++
  // Room is made by a collection of its own now and then: only one runs at a time.
  else if (!text.includes('a collection runs already')) wrong.push(`gc: ${text.slice(0, 200)}`)
}

async function makeRoom({ daemon, ledger, mostHeldBytes, counts, wrong }: Soaking): Promise<void> {
  if (ledger.heldBytes <= mostHeldBytes) return void (await sleep(50))
  const oldest = ledger.takeOldest()
  if (oldest === undefined) return
  const response = await rpc(daemon, `pin/rm?arg=${oldest.cid}`)
  const text = await response.text()
  if (response.ok) counts.unpins++
  else wrong.push(`pin/rm: ${text.slice(0, 200)}`)
}

/** Folders added by commands that get killed at any moment: half of them must leave nothing behind. */
async function killCommands({ repo, work, counts }: Soaking): Promise<void> {
  const file = join(work, 'doomed')
  writeFileSync(file, randomBytes(4_000_000))
  const { signal } = await cairn(['add', '-Q', '--no-pin', file], {
    repo,
    onStart: child => setTimeout(() => child.kill('SIGKILL'), 50 + Math.random() * 300),
  })
  if (signal === 'SIGKILL') counts.kills++
  await sleep(1_000)
}
