// Mixed load from several processes, and the ledger of what each of them was told: commands beside each other, and a daemon.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { randomBytes } from '../support/files.ts'
import type { Ledger } from './invariants.ts'
import { ENTRY } from './program.ts'
import { daemonApi, text } from './scenarios.ts'

export interface LoadOptions {
  readonly repo: string
  /** For inputs; not on the disk that is cut. */
  readonly work: string
  readonly seed: number
  /** CAR files and their roots. */
  readonly cars: readonly { readonly file: string; readonly root: string }[]
}

const GRACE_MS = 60_000
const ENV = {
  CAIRN_MODE: 'offline',
  CAIRN_STORE_MAX: '200MiB',
  CAIRN_STORE_GRACE: `${GRACE_MS / 1000}s`,
  CAIRN_DAEMON_MDNS: 'false',
}
/** The exit code of a write that the hard limit refuses, and what the RPC says, which like Kubo's has one status for all. */
const REFUSED = { code: 8, text: 'store.max' }
const CID = /\b(?:baf[a-z2-7]{50,}|Qm\w{44})\b/g
/** So many pins stand at most: the disk is small. */
const MOST_PINS = 40
const SIZES = [300, 3000, 40_000, 120_000, 400_000]

export class Load implements AsyncDisposable {
  readonly #options: LoadOptions
  readonly #random: (length: number) => Buffer
  readonly #pinned = new Set<string>()
  /** What no pin keeps, and when it was acknowledged. */
  readonly #whole = new Map<string, number>()
  readonly #unpinned = new Set<string>()
  /** Asked to be unpinned, and not answered yet: what was imported again meanwhile would be anybody's guess. */
  readonly #leaving = new Set<string>()
  readonly #running = new Set<ChildProcess>()
  #daemon: ChildProcess | undefined
  #api = ''
  #lanes: Promise<void>[] = []
  #stopping = false
  #files = 0
  acknowledged = 0
  refused = 0

  constructor(options: LoadOptions) {
    this.#options = options
    this.#random = randomBytes(options.seed)
  }

  async start(): Promise<void> {
    const flags = ['--json', '--gateway', '127.0.0.1:0', '--api', '127.0.0.1:0']
    this.#daemon = this.#spawn(['daemon', ...flags])
    const api = await daemonApi(this.#daemon)
    if (api === undefined) throw new Error('the daemon did not start')
    this.#api = api
    this.#daemon.stdout?.resume()
    this.#daemon.stderr?.resume()
    this.#lanes = [
      this.#loop(() => this.#addByCommand()),
      this.#loop(() => this.#changeByCommand()),
      this.#loop(() => this.#askDaemon()),
    ]
  }

  /** What is owed now: a pin that somebody is about to remove is not. */
  owed(): Ledger {
    // Well before its grace ends, so that no collection can have taken it.
    const since = Date.now() - GRACE_MS / 2
    for (const [cid, putAt] of this.#whole) if (putAt < since) this.#whole.delete(cid)
    return {
      whole: [...this.#pinned, ...this.#whole.keys()],
      pinned: [...this.#pinned],
      unpinned: [...this.#unpinned],
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true
    for (const child of this.#running) child.kill('SIGKILL')
    await Promise.allSettled(this.#lanes)
  }

  /** Fails if a lane fails. */
  get failure(): Promise<never> {
    return Promise.all(this.#lanes).then(() => new Promise<never>(() => {}))
  }

  async #loop(step: () => Promise<void>): Promise<void> {
    while (!this.#stopping) await step()
  }

  #spawn(args: readonly string[]): ChildProcess {
    const child = spawn(process.execPath, [ENTRY, ...args], {
      env: { ...process.env, ...ENV, CAIRN_REPO: this.#options.repo },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#running.add(child)
    child.once('exit', () => this.#running.delete(child))
    return child
  }

  /** The CIDs that it printed. */
  async #command(...args: readonly string[]): Promise<string[]> {
    const child = this.#spawn(args)
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
    if (child.exitCode === 0) this.acknowledged++
    else if (child.exitCode === REFUSED.code) this.refused++
    else if (!this.#stopping) throw new Error(`${args.join(' ')} ended with ${child.exitCode}: ${stderr}`)
    return child.exitCode === 0 ? (stdout.match(CID) ?? []) : []
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[this.#random(4).readUInt32LE() % choices.length] as T
  }

  #input(): string {
    const path = join(this.#options.work, `in-${++this.#files % 50}`)
    writeFileSync(path, this.#random(this.#pick(SIZES)))
    return path
  }

  #folder(): string {
    const path = join(this.#options.work, `folder-${++this.#files}`)
    mkdirSync(path)
    for (let i = 0; i < 12; i++) writeFileSync(join(path, `f${i}`), this.#random(1 + this.#pick(SIZES) / 20))
    return path
  }

  async #addByCommand(): Promise<void> {
    const old = this.#tooMany()
    if (old !== undefined) {
      await this.#removing(old, () => this.#command('pin', 'rm', old))
      return
    }
    const what = this.#pick(['file', 'file', 'folder', 'packed'])
    const args =
      what === 'folder' ? [this.#folder()] : what === 'packed' ? ['-s', 'size-32768', this.#input()] : [this.#input()]
    for (const cid of await this.#command('add', '-Q', ...args)) this.#pinned.add(cid)
  }

  async #changeByCommand(): Promise<void> {
    const what = this.#pick(['import', 'unpin', 'update', 'gc'])
    const old = this.#pick([...this.#pinned])
    if (what === 'gc') await this.#command('gc', '--silent')
    else if (what === 'import') await this.#import()
    else if (old === undefined) return
    else if (what === 'unpin') await this.#removing(old, () => this.#command('pin', 'rm', old))
    else await this.#update(old)
  }

  async #import(): Promise<void> {
    const { file, root } = this.#pick(this.#options.cars)
    if (this.#leaving.has(root)) return
    // From here on nobody can say whether it is pinned, and no other lane picks it to be removed.
    this.#unpinned.delete(root)
    this.#pinned.delete(root)
    const said = await this.#command('dag', 'import', file)
    if (said.includes(root)) this.#pinned.add(root)
  }

  async #update(old: string): Promise<void> {
    // Before anything is awaited: another lane may pick it too.
    this.#pinned.delete(old)
    this.#leaving.add(old)
    const [next] = await this.#command('add', '-Q', '--pin=false', '-s', 'size-32768', this.#input())
    if (next === undefined) {
      this.#leaving.delete(old)
      return
    }
    const said = await this.#removing(old, () => this.#command('pin', 'update', old, next))
    if (said.length > 0) this.#pinned.add(next)
  }

  /** Owed by nobody from before it is asked for; gone once that was acknowledged. */
  async #removing(cid: string, ask: () => Promise<string[]>): Promise<string[]> {
    this.#pinned.delete(cid)
    this.#leaving.add(cid)
    const said = await ask()
    this.#leaving.delete(cid)
    if (said.length > 0) this.#unpinned.add(cid)
    return said
  }

  /** One that should go, since too many are pinned. */
  #tooMany(): string | undefined {
    return this.#pinned.size > MOST_PINS ? this.#pick([...this.#pinned]) : undefined
  }

  async #askDaemon(): Promise<void> {
    const old = this.#tooMany()
    if (old !== undefined) {
      await this.#removing(old, () => this.#ask(`pin/rm?arg=${old}`))
      return
    }
    const bytes = new Blob([new Uint8Array(this.#random(this.#pick(SIZES)))])
    const form = new FormData()
    form.append('file', bytes, 'f')
    if (this.#pick([true, false])) {
      for (const cid of await this.#ask('block/put?cid-codec=raw', form)) this.#whole.set(cid, Date.now())
    } else {
      const path = 'add?pin=true&raw-leaves=true&chunker=size-32768'
      for (const cid of await this.#ask(path, form)) this.#pinned.add(cid)
    }
  }

  /** The CIDs that it named. */
  async #ask(path: string, form?: FormData): Promise<string[]> {
    try {
      const response = await fetch(`${this.#api}/api/v0/${path}`, { method: 'POST', ...(form && { body: form }) })
      const said = await response.text()
      if (response.ok) {
        this.acknowledged++
        return [...new Set(said.match(CID) ?? [])]
      }
      if (!said.includes(REFUSED.text)) throw new Error(`${path}: ${response.status} ${said}`)
      this.refused++
      return []
    } catch (error) {
      if (!this.#stopping) throw error
      return []
    }
  }
}
