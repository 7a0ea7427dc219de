// Runs actors in every order: each goes from one named point to the next while all others stand still.

import { AsyncLocalStorage } from 'node:async_hooks'

export interface Actor {
  readonly name: string
  /** Points of the product, and of its own by `pause`, at which it stands still. */
  readonly stopsAt: readonly string[]
  run(): Promise<void>
}

/** What became of each actor: nothing, or the error it ended with. */
export type Outcome = ReadonlyMap<string, unknown>

interface Running {
  readonly actor: Actor
  state: 'ready' | 'stopped' | 'ended'
  /** Of its lanes that stand at a point: a walk may have several. */
  readonly waiting: (() => void)[]
  /** Settled when it stops or ends. */
  turn: PromiseWithResolvers<void>
  error: unknown
}

const STEP_MS = 20_000
const current = new AsyncLocalStorage<Running>()

/** Called by the product at its points; for code outside an actor it does nothing. */
export function stopAtPoint(name: string): void | Promise<void> {
  const running = current.getStore()
  if (running === undefined || running.state === 'ended' || !running.actor.stopsAt.includes(name)) return
  return new Promise(resolve => {
    running.state = 'stopped'
    running.waiting.push(resolve)
    running.turn.resolve()
  })
}

/** A point of an actor's own. */
export const pause = async (name: string): Promise<void> => stopAtPoint(name)

async function step(running: Running): Promise<void> {
  const { state } = running
  running.turn = Promise.withResolvers()
  running.state = 'ready'
  for (const resume of running.waiting.splice(0)) resume()
  if (state === 'ready')
    void current.run(running, () =>
      running.actor
        .run()
        .catch(error => {
          running.error = error
        })
        .then(() => {
          running.state = 'ended'
          running.turn.resolve()
        }),
    )
  const timer = setTimeout(
    () => running.turn.reject(new Error(`${running.actor.name} neither stopped nor ended`)),
    STEP_MS,
  )
  try {
    await running.turn.promise
  } finally {
    clearTimeout(timer)
  }
}

interface Ran {
  readonly outcome: Outcome
  /** Who went, decision by decision, and who else could have. */
  readonly decisions: readonly { readonly chosen: string; readonly others: readonly string[] }[]
}

async function runOrder(actors: readonly Actor[], prefix: readonly string[]): Promise<Ran> {
  const all = actors.map((actor): Running => {
    return { actor, state: 'ready', waiting: [], turn: Promise.withResolvers(), error: undefined }
  })
  const decisions: { chosen: string; others: string[] }[] = []
  for (;;) {
    const able = all.filter(({ state }) => state !== 'ended')
    const wanted = prefix[decisions.length]
    const next = able.find(({ actor }) => actor.name === wanted) ?? able[0]
    if (next === undefined) break
    decisions.push({
      chosen: next.actor.name,
      others: able.filter(other => other !== next).map(({ actor }) => actor.name),
    })
    await step(next)
  }
  return { outcome: new Map(all.map(({ actor, error }) => [actor.name, error])), decisions }
}

export interface Scene extends AsyncDisposable {
  readonly actors: readonly Actor[]
  /** Throws if this order has lost something. */
  verify(outcome: Outcome): Promise<void>
}

export interface Orders {
  readonly count: number
  /** False if there were more than `most`. */
  readonly all: boolean
}

/** Takes the waiting prefixes in an order that is mixed and yet the same in every run. */
function takeOne<T>(waiting: T[], turn: number): T | undefined {
  const at = (Math.imul(turn + 1, 0x9e3779b1) >>> 8) % Math.max(1, waiting.length)
  const last = waiting.pop()
  if (last === undefined || at === waiting.length) return last
  const taken = waiting[at]
  waiting[at] = last
  return taken
}

/** Plays the scene, set up anew each time, in every order that there is, or a sample; an error of `verify` names the order. */
export async function inEveryOrder(setUp: () => Promise<Scene>, most: number): Promise<Orders> {
  const waiting: string[][] = [[]]
  let count = 0
  for (let prefix = takeOne(waiting, 0); prefix !== undefined; prefix = takeOne(waiting, count)) {
    if (count === most) return { count, all: false }
    count++
    const scene = await setUp()
    let order = ''
    try {
      const { outcome, decisions } = await runOrder(scene.actors, prefix)
      const chosen = decisions.map(decision => decision.chosen)
      order = chosen.join(' ')
      for (let at = decisions.length - 1; at >= prefix.length; at--)
        for (const other of decisions[at]?.others ?? []) waiting.push([...chosen.slice(0, at), other])
      await scene.verify(outcome)
    } catch (error) {
      if (error instanceof Error) error.message = `in the order ${order || prefix.join(' ')}: ${error.message}`
      throw error
    } finally {
      await scene[Symbol.asyncDispose]()
    }
  }
  return { count, all: true }
}
