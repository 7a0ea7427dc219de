// The model: what was acknowledged, what keeps it, and so which blocks must be there, must be gone, or may be either.

import type { PinMode } from '../../src/api/pins.ts'
import { RAW } from '../../src/block/cid.ts'
import { CHILDREN, DAGS, dagAt, KEYS } from './universe.ts'

type Presence = 'there' | 'gone' | 'either'

export interface ModelPin {
  readonly dag: number
  readonly mode: PinMode
  readonly name: string
  readonly complete: boolean
  /** Then the next collection takes the pin itself. */
  readonly endsMs?: number
}

/** What an operation has put or met: `sure` once a flush has said so. */
export interface ModelOperation {
  readonly dag: number
  /** Without bytes: what goes before a flush cannot be put again. */
  readonly met: boolean
  /** Under their own codecs. */
  readonly asNodes: boolean
  readonly sure: Set<string>
  readonly asked: Set<string>
}

/** In use until its grace is over. */
interface Finished {
  readonly keys: Set<string>
  readonly atMs: number
  /** Collections that had ended by then. */
  readonly collections: number
}

interface ModelCollection {
  /** No living operation and none in grace held its threshold back. */
  readonly isSharp: boolean
  /** Put or met by whoever lived when it opened, or later: it must stay. */
  readonly spared: Set<string>
  /** Kept at some time since, or put or cached: it may stay. */
  readonly excused: Set<string>
  /** Not here when it opened: a mark of an incomplete root may not have seen what lies below. */
  readonly late: Set<string>
}

export class Model {
  readonly presence = new Map<string, Presence>(KEYS.map(key => [key, 'gone']))
  readonly operations = new Set<ModelOperation>()
  readonly tree = new Set<number>()
  pins: ModelPin[] = []
  finished: Finished[] = []
  collection: ModelCollection | undefined
  clockMs = 0
  /** What the index knows the links of. */
  readonly #nodes = new Set<string>()
  collections = 0
  readonly #graceMs: number

  constructor(graceMs: number) {
    this.#graceMs = graceMs
  }

  /** Below the roots; below incomplete ones as far as blocks are there, or, with `perhaps`, may be. */
  kept(perhaps: boolean): Set<string> {
    const kept = new Set<string>()
    const roots = [
      ...this.pins.filter(pin => perhaps || !this.#hasEnded(pin)),
      ...[...this.tree].map(dag => ({ dag, mode: 'recursive', complete: true }) as const),
    ]
    for (const { dag, mode, complete } of roots) {
      const blocks = dagAt(dag).blocks
      const root = blocks.at(-1) as string
      if (complete || blocks.length === 1) for (const key of mode === 'direct' ? [root] : blocks) kept.add(key)
      else for (const key of this.#reached(root, mode, perhaps)) kept.add(key)
    }
    return kept
  }

  #hasEnded({ endsMs }: ModelPin): boolean {
    return endsMs !== undefined && endsMs <= this.clockMs
  }

  /** As each collection does first of all. */
  dropEnded(): void {
    this.pins = this.pins.filter(pin => !this.#hasEnded(pin))
  }

  #reached(key: string, mode: PinMode, perhaps: boolean): string[] {
    const what = this.presence.get(key)
    if (mode === 'direct' || what === 'gone' || (!perhaps && !this.#leadsOn(key))) return [key]
    return [key, ...(CHILDREN.get(key) ?? []).flatMap(child => this.#reached(child, mode, perhaps))]
  }

  /**
   * A mark of an incomplete root follows a node that was here when it came by, and that the index knows as one: what came
   * in as a raw block counts as a leaf until it is met as more (spec: store §4.1).
   */
  #leadsOn(key: string): boolean {
    return this.presence.get(key) === 'there' && this.#nodes.has(key) && this.collection?.late.has(key) !== true
  }

  /** Kept, in use, or in grace. */
  safe(perhaps: boolean): Set<string> {
    const safe = this.kept(perhaps)
    for (const { sure, asked } of this.operations) for (const key of perhaps ? [...sure, ...asked] : sure) safe.add(key)
    for (const { keys } of this.finished) for (const key of keys) safe.add(key)
    return safe
  }

  acknowledged(keys: Iterable<string>, asNodes = true): void {
    this.#seen(keys, asNodes)
    for (const key of keys) this.collection?.spared.add(key)
  }

  /** Here, and as old as it was: found by a pin made in one transaction, which touches nothing, for its root keeps it all. */
  #seen(keys: Iterable<string>, asNodes: boolean): void {
    for (const key of keys) {
      if (this.presence.get(key) !== 'there' || (asNodes && !this.#nodes.has(key))) this.collection?.late.add(key)
      if (asNodes) this.#nodes.add(key)
      this.#set(key, 'there')
      this.collection?.excused.add(key)
    }
  }

  #set(key: string, what: Presence): void {
    this.presence.set(key, what)
    if (what !== 'there') this.#nodes.delete(key)
  }

  /** Perhaps there now: asked for, cached, or left by somebody who died. */
  perhaps(keys: Iterable<string>): void {
    for (const key of keys) {
      if (this.presence.get(key) === 'gone') this.#set(key, 'either')
      this.collection?.excused.add(key)
    }
  }

  /**
   * Met by an operation that then failed: its end may commit the touch all the same, and a collection that is open spares
   * what was touched after it opened. The next one takes it; and nothing comes back, for a touch brings no bytes.
   */
  mentioned(keys: Iterable<string>): void {
    for (const key of keys) if (this.presence.get(key) !== 'gone') this.collection?.excused.add(key)
  }

  begin(dag: number, met: boolean, asNodes = true): ModelOperation {
    const operation = { dag, met, asNodes, sure: new Set<string>(), asked: new Set<string>() }
    this.operations.add(operation)
    return operation
  }

  asked(operation: ModelOperation, keys: Iterable<string>): void {
    for (const key of keys) operation.asked.add(key)
    this.perhaps(keys)
  }

  flushed(operation: ModelOperation): void {
    for (const key of operation.asked) operation.sure.add(key)
    this.acknowledged(operation.asked, operation.asNodes)
  }

  /** `bare` leaves no root. */
  end(operation: ModelOperation, how: 'root' | 'bare' | 'none'): void {
    if (how !== 'none') this.flushed(operation)
    this.operations.delete(operation)
    if (how === 'bare') this.finished.push({ keys: operation.sure, atMs: this.clockMs, collections: this.collections })
  }

  tick(ms: number): void {
    this.clockMs += ms
    this.finished = this.finished.filter(({ atMs }) => atMs > this.clockMs - this.#graceMs)
  }

  get isQuiet(): boolean {
    return this.operations.size === 0 && this.finished.length === 0
  }

  /** `wasQuiet`: also when it began to look who lives. */
  openCollection(wasQuiet: boolean): void {
    const spared = new Set<string>()
    for (const { sure } of this.operations) for (const key of sure) spared.add(key)
    for (const { keys } of this.finished) for (const key of keys) spared.add(key)
    this.collection = {
      isSharp: wasQuiet && this.isQuiet,
      spared,
      excused: this.safe(true),
      late: new Set(),
    }
  }

  /** After each step that is taken while a collection runs: whatever nothing protects may have gone. */
  sweeping(): void {
    if (this.collection === undefined) return
    for (const key of this.kept(true)) this.collection.excused.add(key)
    const safe = this.safe(false)
    for (const key of KEYS) {
      if (this.presence.get(key) === 'there' && !safe.has(key) && !this.collection.spared.has(key))
        this.#set(key, 'either')
    }
  }

  endCollection(isWhole: boolean): void {
    const { collection } = this
    this.sweeping()
    this.collection = undefined
    this.collections++
    if (collection === undefined || !isWhole || !collection.isSharp) return
    for (const key of KEYS) if (!collection.excused.has(key)) this.#set(key, 'gone')
  }

  /** Without its root again, only what an operation had put or met is spared by the collection that is open. */
  pinned(dag: number, mode: PinMode, name: string, endsMs?: number): void {
    const { root, blocks } = dagAt(dag)
    this.#seen(mode === 'direct' ? [blocks.at(-1) as string] : blocks, root.code !== RAW)
    this.pins = this.pins.filter(pin => !(pin.dag === dag && pin.mode === mode && pin.name === name))
    this.pins.push({ dag, mode, name, complete: true, ...(endsMs !== undefined && { endsMs }) })
  }

  linked(dag: number): void {
    this.acknowledged(dagAt(dag).blocks)
    this.tree.add(dag)
  }

  isPinned(dag: number, mode: PinMode, name?: string): boolean {
    return this.pins.some(
      pin => pin.complete && pin.dag === dag && pin.mode === mode && (name === undefined || pin.name === name),
    )
  }

  /** By `files rm`, `block rm` or as seen: then it is known. */
  known(key: string, isHere: boolean): void {
    this.#set(key, isHere ? 'there' : 'gone')
    if (isHere) return
    for (const { keys } of this.finished) keys.delete(key)
    this.collection?.spared.delete(key)
  }

  /** What every handle must see now; blocks that may be either are left out. */
  expected(): Record<string, 'there' | 'gone'> {
    const sure = [...this.presence].flatMap(([key, what]) => (what === 'either' ? [] : [[key, what] as const]))
    return Object.fromEntries(sure)
  }
}

if (DAGS.length === 0) throw new Error('an empty world proves nothing')
