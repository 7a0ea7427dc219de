// The one way into the store for this process: fills groups, sends them one after the other, tells who waited (group commit).

import { isCairnError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import { type CommitHost, type CommitReply, type GroupMessage, memoriesOf, type TaskOutcome } from './commit-message.ts'
import { Group, type Pending } from './group.ts'
import { ImagePool } from './image.ts'
import { CACHED, type NewRecord } from './record.ts'
import type { Task, TaskResults } from './task.ts'

/** Cached blocks wait for company; nobody waits for them. */
const CACHED_DELAY_MS = 100
const CACHE_PAUSE_MS = 30_000

export interface WriterOptions {
  readonly host: CommitHost
  /** So many full groups wait for one commit; beyond that, who puts waits too. */
  readonly groupsPerCommit: number
  readonly makeRoom: () => Promise<void>
  readonly onCommit: (multihashes: () => Uint8Array[]) => void
  readonly onReadOnly: (error: unknown) => void
  /** Blocks that an operation had met but that are gone. */
  readonly onMissing: (multihashes: readonly Uint8Array[]) => void
}

export class Writer implements AsyncDisposable {
  readonly #options: WriterOptions
  readonly #images = new ImagePool()
  readonly #full: Group[] = []
  readonly #waitingForRoom: (() => void)[] = []
  #open = new Group(this.#images)
  #committing: readonly Group[] = []
  #pumping: Promise<void> | undefined
  #lastReply: Promise<unknown> = Promise.resolve()
  #makingRoom = false
  #noRoomForCacheUntil = 0
  #cachedTimer: NodeJS.Timeout | undefined

  constructor(options: WriterOptions) {
    this.#options = options
  }

  /** The block, if it waits for its commit. In the open group its bytes can be read. */
  pending(key: string): Pending | undefined {
    const open = this.#open.blocks.get(key)
    if (open !== undefined) return open
    for (const group of this.#full) {
      const found = group.blocks.get(key)
      if (found !== undefined) return found
    }
    for (const group of this.#committing) {
      const found = group.blocks.get(key)
      if (found !== undefined) return found
    }
    return undefined
  }

  isOpen(group: Group): boolean {
    return group === this.#open
  }

  /** The group that took it, or a promise of room: then everything has to be looked at again. */
  add(key: string, record: NewRecord): Group | Promise<void> {
    if (!this.#open.fits(record)) {
      if (this.#full.length >= this.#options.groupsPerCommit)
        return new Promise(resolve => this.#waitingForRoom.push(resolve))
      this.#full.push(this.#open)
      this.#open = new Group(this.#images)
      this.#pump()
    }
    const group = this.#open
    group.add(key, record)
    if ((record.flags & CACHED) !== 0) this.#commitSoon()
    return group
  }

  /** As `add`, for what nobody relies on: without room at once it is not taken. */
  offer(key: string, record: NewRecord): void {
    if (this.#open.fits(record) || this.#full.length < this.#options.groupsPerCommit) this.add(key, record)
  }

  /** Resolves when the group is durable. */
  flush(group: Group): Promise<void> {
    group.wanted = true
    this.#pump()
    return group.done
  }

  /** In the transaction of the group that is open now. `check` runs when that group is sent. */
  async run<T extends Task>(task: T, check?: () => void): Promise<TaskResults[T['type']]> {
    // Making room writes too, while the group that needs the room waits for it. The end of an operation must not overtake
    // that group or a later one: it makes roots of blocks that lie in them.
    const overtakes = this.#makingRoom && task.type !== 'finish'
    let outcome = overtakes ? await this.#runAlone(task) : await this.#runInGroup(task, check)
    // What others put must not keep it from going.
    if ('error' in outcome && givesRoom(task) && isCairnError(outcome.error, 'NO_SPACE'))
      outcome = await this.#runAlone(task)
    if ('error' in outcome) throw outcome.error
    return outcome.value as TaskResults[T['type']]
  }

  #runInGroup(task: Task, check: (() => void) | undefined): Promise<TaskOutcome> {
    const outcome = this.#open.addTask(task, check)
    this.#pump()
    return outcome
  }

  async #runAlone(task: Task): Promise<TaskOutcome> {
    const reply = await this.#send({ bulk: [], side: [], tasks: [task] })
    return 'error' in reply ? reply : (reply.outcome.tasks[0] ?? { error: new Error('no outcome') })
  }

  #commitSoon(): void {
    this.#cachedTimer ??= setTimeout(() => {
      this.#cachedTimer = undefined
      this.#open.wanted = true
      this.#pump()
    }, CACHED_DELAY_MS).unref()
  }

  #pump(): void {
    this.#pumping ??= this.#commitAll()
  }

  async #commitAll(): Promise<void> {
    // What is asked for in this turn of the event loop shares one commit.
    await undefined
    for (let groups = this.#next(); groups.length > 0; groups = this.#next()) {
      this.#committing = groups
      await this.#commit(groups)
      this.#committing = []
    }
    this.#pumping = undefined
  }

  /** The full groups, as long as their transaction stays short, and with the last of them the open one, if it is wanted. */
  #next(): Group[] {
    const groups: Group[] = []
    let rows = 0
    for (let full = this.#full[0]; full !== undefined; full = this.#full[0]) {
      rows += full.blocks.size
      if (groups.length > 0 && rows > LIMITS.groupRows.value) return groups
      groups.push(full)
      this.#full.shift()
    }
    if (groups.length > 0) for (const resume of this.#waitingForRoom.splice(0)) resume()
    rows += this.#open.blocks.size
    if (this.#open.wanted && !this.#open.isEmpty && (groups.length === 0 || rows <= LIMITS.groupRows.value)) {
      groups.push(this.#open)
      this.#open = new Group(this.#images)
    }
    return groups
  }

  async #commit(groups: readonly Group[]): Promise<void> {
    const sealed = groups.map(group => group.seal())
    const message = {
      bulk: sealed.flatMap(({ bulk }) => bulk),
      side: sealed.flatMap(({ side }) => side),
      tasks: sealed.flatMap(({ tasks }) => tasks),
    }
    let reply = await this.#send(message)
    const cachedOnly = groups.every(group => group.hasCachedOnly)
    if ('error' in reply && isCairnError(reply.error, 'NO_SPACE') && this.#mayMakeRoom(cachedOnly)) {
      reply = await this.#sendAgain({ ...message, ...reply.images }, reply)
      if ('error' in reply && cachedOnly) this.#noRoomForCacheUntil = performance.now() + CACHE_PAUSE_MS
    }
    for (const memory of memoriesOf(reply.images)) this.#images.giveBack(memory)
    if ('error' in reply) {
      if (isCairnError(reply.error, 'READ_ONLY')) this.#options.onReadOnly(reply.error)
      for (const group of groups) group.fail(reply.error)
      return
    }
    if (reply.outcome.missing.length > 0) this.#options.onMissing(reply.outcome.missing)
    let outcomes = reply.outcome.tasks
    for (const group of groups) outcomes = group.settle(outcomes)
    this.#options.onCommit(() =>
      groups.flatMap(({ blocks }) => [...blocks.keys()].map(key => Buffer.from(key, 'latin1'))),
    )
  }

  /** Looking for room is much work: not again and again for a cache in a store that is full of kept blocks. */
  #mayMakeRoom(cachedOnly: boolean): boolean {
    return !cachedOnly || performance.now() >= this.#noRoomForCacheUntil
  }

  async #sendAgain(message: GroupMessage, refused: CommitReply): Promise<CommitReply> {
    this.#makingRoom = true
    try {
      await this.#options.makeRoom()
    } catch (error) {
      return { images: refused.images, error }
    } finally {
      this.#makingRoom = false
    }
    return this.#send(message)
  }

  /** One at a time, also those that go alone. */
  #send(message: GroupMessage): Promise<CommitReply> {
    const failed = (error: unknown): CommitReply => ({ images: { bulk: [], side: [] }, error })
    const reply = this.#lastReply.then(() => this.#options.host.commit(message)).catch(failed)
    this.#lastReply = reply
    return reply
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#cachedTimer)
    this.#open.wanted = true
    this.#pump()
    await this.#pumping
    await this.#options.host[Symbol.asyncDispose]()
  }
}

const givesRoom = (task: Task): boolean => task.type === 'abort' || (task.type === 'write' && task.freesRoom)
