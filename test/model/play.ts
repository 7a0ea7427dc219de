// Plays steps on real handles and on the model side by side, and throws where they differ.

import { type Command, GRACE_MS, type Reply } from './actor.ts'
import { act } from './acts.ts'
import type { Handle } from './handle.ts'
import { Model, type ModelOperation, type ModelPin } from './model.ts'
import { Races } from './races.ts'
import type { Step } from './steps.ts'
import { KEYS } from './universe.ts'

export interface HeldWalk {
  readonly operation: ModelOperation
  readonly name: string
  /** Once it is in the database: a root. */
  row: ModelPin | undefined
}

export interface Seat {
  handle: Handle
  isStopped: boolean
  operation: ModelOperation | undefined
  walk: HeldWalk | undefined
}

export interface World {
  readonly path: string
  readonly take: () => Handle
  readonly giveBack: (handle: Handle) => void
}

export class Play {
  readonly model = new Model(GRACE_MS)
  readonly races = new Races(this.model)
  readonly #world: World
  readonly #seats: Seat[]
  /** Who holds the lock of collections. */
  sweeper: { readonly seat: Seat; readonly wasQuiet: boolean } | undefined
  commands = 0
  kills = 0

  constructor(world: World, seats: number) {
    this.#world = world
    this.#seats = Array.from({ length: seats }, () => ({
      handle: world.take(),
      isStopped: false,
      operation: undefined,
      walk: undefined,
    }))
  }

  async run(steps: readonly Step[]): Promise<void> {
    try {
      for (const seat of this.#seats) await this.open(seat)
      for (const step of steps) await this.#step(step)
      await this.#end()
    } catch (error) {
      await this.#clear()
      throw error
    }
  }

  async open(seat: Seat): Promise<void> {
    await this.must(seat, { do: 'open', path: this.#world.path })
  }

  async send(seat: Seat, command: Command): Promise<Reply> {
    this.commands++
    return seat.handle.send(command, this.model.clockMs)
  }

  async must(seat: Seat, command: Command): Promise<unknown> {
    return (await this.may(seat, command))?.value
  }

  /** Undefined if it failed with one of these codes. */
  async may(seat: Seat, command: Command, ...codes: string[]): Promise<{ value: unknown } | undefined> {
    const reply = await this.send(seat, command)
    if (!('error' in reply)) return reply
    if (!codes.includes(reply.error)) throw new Error(`${JSON.stringify(command)} failed: ${reply.error} ${reply.text}`)
    return undefined
  }

  async replace(seat: Seat): Promise<void> {
    await seat.handle.kill()
    this.kills++
    seat.handle = this.#world.take()
    await this.open(seat)
  }

  async #step(step: Step): Promise<void> {
    if (step.do === 'clock') {
      this.model.tick(step.ms)
      return
    }
    const seat = this.#seats[step.on % this.#seats.length] as Seat
    if (seat.isStopped) this.wake(seat)
    await act(this, seat, step)
    this.model.sweeping()
    const looker = this.#seats.find(other => !other.isStopped)
    if (looker !== undefined) await this.#look(looker, step)
  }

  /** What is about to be put or met, if a collection is under way. */
  async race(seat: Seat, keys: readonly string[]): Promise<void> {
    if (this.model.collection === undefined) return
    this.races.putting(keys, new Set((await this.must(seat, { do: 'look', keys })) as string[]))
  }

  async read(seat: Seat): Promise<void> {
    await this.#judge(command => this.must(seat, command), null)
  }

  wake(seat: Seat): void {
    seat.handle.signal('SIGCONT')
    seat.isStopped = false
  }

  async #look(seat: Seat, step: Step): Promise<void> {
    const keys = KEYS.filter(key => this.model.presence.get(key) === 'there')
    const seen = new Set((await this.must(seat, { do: 'look', keys })) as string[])
    const lost = keys.filter(key => !seen.has(key))
    if (lost.length > 0) throw new Error(`lost after ${JSON.stringify(step)}: ${lost.map(key => key.slice(0, 12))}`)
  }

  /** One of the handles reads everything; then, all closed, a collection leaves exactly what the model keeps. */
  async #end(): Promise<void> {
    for (const seat of this.#seats) if (seat.isStopped) this.wake(seat)
    const reader = this.#seats[this.commands % this.#seats.length] as Seat
    await this.#judge(command => this.must(reader, command), null)
    for (const seat of this.#seats) await act(this, seat, { do: 'close', on: 0 })
    await this.#clear()
    const last = this.#world.take()
    this.model.tick(2 * GRACE_MS)
    const run = async (command: Command): Promise<unknown> => {
      const reply = await last.send(command, this.model.clockMs)
      if ('error' in reply)
        throw new Error(`at the end ${JSON.stringify(command)} failed: ${reply.error} ${reply.text}`)
      return reply.value
    }
    try {
      await run({ do: 'open', path: this.#world.path })
      const seen = new Set((await run({ do: 'look', keys: KEYS })) as string[])
      for (const [key, what] of this.model.presence) {
        if (what === 'there' && !seen.has(key)) throw new Error(`lost at the end: ${key}`)
        if (what === 'gone' && seen.has(key)) throw new Error(`back at the end: ${key}`)
        if (what === 'either') this.model.known(key, seen.has(key))
      }
      this.model.dropEnded()
      const [kept, mayBeKept] = [this.model.kept(false), this.model.kept(true)]
      await run({ do: 'gc' })
      const left = new Set((await run({ do: 'look', keys: KEYS })) as string[])
      for (const key of KEYS) {
        if (!mayBeKept.has(key)) this.model.known(key, false)
        else if (!kept.has(key)) this.model.known(key, left.has(key))
      }
      await this.#judge(run, this.model.expected())
    } finally {
      await last.send({ do: 'close' }, this.model.clockMs)
      this.#world.giveBack(last)
    }
  }

  async #judge(
    run: (command: Command) => Promise<unknown>,
    expected: ReturnType<Model['expected']> | null,
  ): Promise<void> {
    const complaints = (await run({ do: 'judge', expected })) as string[]
    if (complaints.length > 0) throw new Error(complaints.join('\n'))
  }

  async #clear(): Promise<void> {
    for (const { handle, isStopped } of this.#seats.splice(0)) {
      if (isStopped) handle.signal('SIGCONT')
      const reply = await handle.send({ do: 'close' }, this.model.clockMs)
      if ('error' in reply) await handle.kill()
      else this.#world.giveBack(handle)
    }
  }
}
