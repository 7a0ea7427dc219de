// A group being filled: the blocks that will become durable in one commit, and what that transaction has to do besides.

import { LIMITS } from '../../limits.ts'
import type { GroupMessage, TaskOutcome } from './commit-message.ts'
import type { Image, ImagePool } from './image.ts'
import { CACHED, HAS_LINKS, MET, type NewRecord, VOID } from './record.ts'
import type { Task } from './task.ts'

/** Where a block that waits for its commit can be read. */
export interface Pending {
  readonly group: Group
  readonly image: Image
  readonly at: number
  readonly size: number
  readonly flags: number
  readonly hasBytes: boolean
}

interface WaitingTask {
  readonly task: Task
  readonly settle: (outcome: TaskOutcome) => void
  /** Checked when the group is sent: an operation that lost a block must not finish. */
  readonly check: (() => void) | undefined
}

export class Group {
  readonly blocks = new Map<string, Pending>()
  /** Somebody waits for it: it is committed as soon as the committer is free, not only when it is full. */
  wanted = false
  readonly done: Promise<void>
  readonly #images: ImagePool
  readonly #tasks: WaitingTask[] = []
  #bulk: Image | undefined
  #side: Image | undefined
  #settled = Promise.withResolvers<void>()

  constructor(images: ImagePool) {
    this.#images = images
    this.done = this.#settled.promise
    // Whoever needs it awaits it; a group of cached blocks alone concerns nobody.
    this.done.catch(() => undefined)
  }

  get isEmpty(): boolean {
    return this.blocks.size === 0 && this.#tasks.length === 0
  }

  get hasCachedOnly(): boolean {
    return this.#tasks.length === 0 && this.blocks.values().every(({ flags }) => (flags & CACHED) !== 0)
  }

  fits(record: NewRecord): boolean {
    if (this.blocks.size >= LIMITS.groupRows.value) return false
    const image = isBulk(record) ? this.#bulk : this.#side
    return image === undefined || image.fits(record)
  }

  add(key: string, record: NewRecord): void {
    const there = this.blocks.get(key)
    if (there !== undefined && (there.flags & CACHED) === 0 && (there.hasBytes || record.bytes === undefined)) {
      // Once is enough, but bytes are never given up for a mere mention.
      const linked = record.flags & HAS_LINKS
      there.image.addFlags(there.at, record.mh.byteLength, linked)
      this.blocks.set(key, { ...there, flags: there.flags | linked })
      return
    }
    if (there !== undefined) there.image.addFlags(there.at, record.mh.byteLength, VOID)
    const image = this.#imageFor(record)
    const at = image.add(record)
    const { size, flags } = record
    this.blocks.set(key, { group: this, image, at, size, flags, hasBytes: record.bytes !== undefined })
  }

  #imageFor(record: NewRecord): Image {
    if (isBulk(record)) {
      this.#bulk ??= this.#images.take()
      return this.#bulk
    }
    this.#side ??= this.#images.take()
    return this.#side
  }

  addTask(task: Task, check?: () => void): Promise<TaskOutcome> {
    this.wanted = true
    return new Promise(settle => this.#tasks.push({ task, settle, check }))
  }

  /** What is sent to the committer. A task whose check fails is left out and settled. */
  seal(): GroupMessage {
    for (const waiting of this.#tasks.splice(0)) {
      try {
        waiting.check?.()
        this.#tasks.push(waiting)
      } catch (error) {
        waiting.settle({ error })
      }
    }
    const images = (from: Image | undefined) => (from ? [{ memory: from.memory, usedBytes: from.usedBytes }] : [])
    return { bulk: images(this.#bulk), side: images(this.#side), tasks: this.#tasks.map(({ task }) => task) }
  }

  /** Takes as many outcomes as it had tasks; returns the rest. */
  settle(outcomes: readonly TaskOutcome[]): readonly TaskOutcome[] {
    for (const [index, { settle }] of this.#tasks.entries())
      settle(outcomes[index] ?? { error: new Error('no outcome') })
    this.#settled.resolve()
    return outcomes.slice(this.#tasks.length)
  }

  fail(error: unknown): void {
    for (const { settle } of this.#tasks) settle({ error })
    this.#settled.reject(error)
  }
}

/** Laid out for a pack; what goes elsewhere in any case lies apart (spec: store §4.2). */
const isBulk = ({ flags, size }: NewRecord): boolean =>
  (flags & (MET | CACHED)) === 0 && !((flags & HAS_LINKS) !== 0 && size <= LIMITS.inlineBytes.value)
