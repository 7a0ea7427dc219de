// One handle on the repository, told what to do by commands that are data: the same in this process and in a child.

import './small-groups.ts'
import type { PinMode } from '../../src/api/pins.ts'
import type { BlockSource } from '../../src/block/source.ts'
import { encodeVarint } from '../../src/block/varint.ts'
import { encodeCarHeader } from '../../src/dag/car/car-header.ts'
import { CairnError, isCairnError } from '../../src/errors.ts'
import { SILENT } from '../../src/observe/log.ts'
import { collectGarbage } from '../../src/pins/gc.ts'
import { createPins, pinStatements } from '../../src/pins/pins.ts'
import { evictCache } from '../../src/store/collect/evict.ts'
import { openStore } from '../../src/store/open.ts'
import type { Operation, Statement, Store } from '../../src/store/store.ts'
import { GiB, MiB } from '../../src/units.ts'
import { WAIT } from '../store/support.ts'
import { linkInTree, unlinkFromTree } from './files-tree.ts'
import { judge } from './judge.ts'
import { gatedSource, gatedStore, type Standing, Stepper } from './stepper.ts'
import { BLOCKS, blockAt, dagAt, LIE, LIE_BYTES } from './universe.ts'

export const GRACE_MS = 3_600_000

/** On the operation that is held open. */
type OperationCommand =
  | { readonly do: 'begin' | 'flush' | 'finish' | 'abort' }
  | { readonly do: 'put' | 'keep'; readonly keys: readonly string[] }
  | { readonly do: 'pinIt' | 'linkIt'; readonly dag: number }

type PinCommand =
  | { readonly do: 'pin'; readonly dag: number; readonly name: string; readonly mode: PinMode; readonly fetch: boolean }
  | { readonly do: 'unpin'; readonly dag: number; readonly name: string }
  | { readonly do: 'brief'; readonly dag: number }
  | { readonly do: 'update'; readonly dag: number; readonly to: number }

export type Command =
  | OperationCommand
  | PinCommand
  | { readonly do: 'open'; readonly path: string }
  | { readonly do: 'evict' | 'gc' | 'sweep' | 'close' | 'settle' }
  | { readonly do: 'sweepOn' | 'sweepEnd' | 'walkOn' | 'walkEnd' | 'walkStop' }
  | { readonly do: 'judge'; readonly expected: Readonly<Record<string, 'there' | 'gone'>> | null }
  | { readonly do: 'cache' | 'look' | 'remove'; readonly keys: readonly string[] }
  | { readonly do: 'add' | 'store' | 'cp' | 'import' | 'liar' | 'rm'; readonly dag: number }
  | { readonly do: 'walk'; readonly dag: number; readonly name: string }

/** `value` depends on the command; `error` is a code of Cairn's table, `text` the whole. */
export type Reply = { readonly value: unknown } | { readonly error: string; readonly text: string }

export class Actor {
  #store: Store | undefined
  #operation: Operation | undefined
  #collection: Stepper | undefined
  #walk: Stepper | undefined

  async run(command: Command): Promise<Reply> {
    try {
      return { value: (await this.#run(command)) ?? null }
    } catch (error) {
      const text = error instanceof Error ? `${error.stack} ${error.cause ?? ''}` : String(error)
      return { error: isCairnError(error) ? error.code : 'OTHER', text }
    }
  }

  get #open(): Store {
    if (this.#store === undefined) throw new Error('the handle is closed')
    return this.#store
  }

  async #run(command: Command): Promise<unknown> {
    switch (command.do) {
      case 'open':
        this.#store = await openStore({
          path: command.path,
          maxBytes: 10 * GiB,
          cacheBytes: MiB,
          graceMs: GRACE_MS,
          verify: 'crc',
          commit: 'inline',
        })
        return
      case 'close':
        return this.#close()
      case 'settle':
        // Cached blocks wait for the next commit: here it is.
        return this.#open.write([])
      case 'judge':
        return judge(this.#open, command.expected)
      case 'look':
        return command.keys.filter(key => this.#open.has(blockAt(key).cid))
      case 'evict':
        return evictCache(this.#open, Number.MAX_SAFE_INTEGER, WAIT)
      case 'gc':
        return this.#collect(this.#open, WAIT.signal)
      case 'sweep':
      case 'sweepOn':
      case 'sweepEnd':
        return this.#sweep(command.do)
      case 'cache':
        for (const key of command.keys) await this.#open.cache(blockAt(key).cid, blockAt(key).bytes)
        return this.#open.write([])
      case 'remove':
        return this.#remove(command.keys)
      case 'add':
      case 'store':
        return this.#add(command.dag, command.do === 'add')
      case 'cp':
        return this.#copy(command.dag)
      case 'import':
      case 'liar':
        return this.#import(command.dag, command.do === 'liar')
      case 'rm':
        return unlinkFromTree(this.#open, `${command.dag}`)
      case 'pin':
      case 'brief':
      case 'unpin':
      case 'update':
        return this.#changePin(command)
      case 'walk':
        return this.#startWalk(command.dag, command.name)
      case 'walkOn':
      case 'walkEnd':
      case 'walkStop':
        return this.#stepWalk(command.do)
      default:
        return this.#operate(command)
    }
  }

  async #operate(command: OperationCommand): Promise<number | undefined> {
    if (command.do === 'begin') {
      this.#operation = await this.#open.begin('add')
      return undefined
    }
    const operation = this.#operation as Operation
    switch (command.do) {
      case 'put':
        for (const key of command.keys) await operation.put(blockAt(key))
        return undefined
      case 'keep': {
        let kept = 0
        for (const key of command.keys) kept += Number(await operation.keep(blockAt(key).cid, WAIT))
        return kept
      }
      case 'flush':
        await operation.flush()
        return undefined
    }
    this.#operation = undefined
    await using _ = operation
    if (command.do === 'abort') return undefined
    await operation.finish(await this.#lastStatements(operation, command))
    return undefined
  }

  async #lastStatements(operation: Operation, command: OperationCommand): Promise<readonly Statement[]> {
    if (!('dag' in command)) return []
    const { root } = dagAt(command.dag)
    if (command.do === 'pinIt') return pinStatements([root], { mode: 'recursive', name: '' })
    return linkInTree(this.#open, operation, `${command.dag}`, root)
  }

  async #add(dag: number, pin: boolean): Promise<void> {
    const { root, blocks } = dagAt(dag)
    await using operation = await this.#open.begin('add')
    for (const key of blocks) await operation.put(blockAt(key))
    await operation.finish(pin ? pinStatements([root], { mode: 'recursive', name: '' }) : [])
  }

  async #copy(dag: number): Promise<void> {
    const { root, blocks } = dagAt(dag)
    await using operation = await this.#open.begin('add')
    for (const key of blocks) {
      if (!(await operation.keep(blockAt(key).cid, WAIT))) throw new CairnError('BLOCK_NOT_LOCAL', 'a part is missing')
    }
    await operation.finish(await linkInTree(this.#open, operation, `${dag}`, root))
  }

  async #import(dag: number, lies: boolean): Promise<void> {
    const { importCar } = await import('../../src/node/adding.ts')
    const { Denylist } = await import('../../src/policy/denylist.ts')
    const { root, blocks } = dagAt(dag)
    const section = (cid: Uint8Array, bytes: Uint8Array) =>
      Buffer.concat([encodeVarint(cid.byteLength + bytes.byteLength), cid, bytes])
    async function* car() {
      yield encodeCarHeader(root)
      for (const key of blocks) yield section(blockAt(key).cid.bytes, blockAt(key).bytes)
      if (lies) yield section(LIE.bytes, LIE_BYTES)
    }
    const { roots } = await importCar({ store: this.#open, denylist: new Denylist() }, car(), WAIT)
    if (roots[0]?.pinError !== '') throw new Error(`not pinned: ${roots[0]?.pinError}`)
  }

  async #collect(store: Store, signal: AbortSignal, stepper?: Stepper): Promise<void> {
    for await (const { type } of collectGarbage(store, { graceMs: GRACE_MS, signal })) await stepper?.gate(type)
  }

  async #sweep(how: 'sweep' | 'sweepOn' | 'sweepEnd'): Promise<string> {
    if (how === 'sweep') {
      const stepper = new Stepper()
      this.#collection = stepper
      return this.#standing(
        await stepper.start(() => this.#collect(gatedStore(this.#open, stepper), stepper.signal, stepper)),
        'collection',
      )
    }
    const stepper = this.#collection as Stepper
    return this.#standing(await (how === 'sweepOn' ? stepper.next() : stepper.finish()), 'collection')
  }

  #standing(standing: Standing, what: 'collection' | 'walk'): string {
    if ('at' in standing) return standing.at
    if (what === 'collection') this.#collection = undefined
    else this.#walk = undefined
    if (!standing.ok) throw standing.error
    return 'ended'
  }

  async #startWalk(dag: number, name: string): Promise<string> {
    const stepper = new Stepper()
    this.#walk = stepper
    const store = gatedStore(this.#open, stepper)
    const source = gatedSource(
      this.#open,
      cid => blockAt(Buffer.from(cid.multihash.bytes).toString('hex')).bytes,
      stepper,
    )
    const pins = createPins({ store, sourceFor: () => source, log: SILENT })
    const started = await stepper.start(() => pins.add(dagAt(dag).root, { signal: stepper.signal, name }))
    return this.#standing(started, 'walk')
  }

  async #stepWalk(how: 'walkOn' | 'walkEnd' | 'walkStop'): Promise<string> {
    const stepper = this.#walk as Stepper
    const standing = how === 'walkOn' ? stepper.next() : how === 'walkEnd' ? stepper.finish() : stepper.stop()
    return this.#standing(await standing, 'walk')
  }

  async #changePin(command: PinCommand): Promise<void> {
    const store = this.#open
    const get: BlockSource['get'] = async (cid, wait) =>
      store.has(cid) ? store.get(cid, wait) : blockAt(Buffer.from(cid.multihash.bytes).toString('hex')).bytes
    const world: BlockSource = { get, has: store.has.bind(store), peek: store.peek.bind(store), borrow: store.borrow }
    const source = command.do === 'pin' && !command.fetch ? store : world
    const pins = createPins({ store, sourceFor: () => source, log: SILENT })
    const { root } = dagAt(command.dag)
    if (command.do === 'pin') await pins.add(root, { ...WAIT, mode: command.mode, name: command.name })
    else if (command.do === 'brief') await pins.add(root, { ...WAIT, expires: Date.now() + GRACE_MS })
    else if (command.do === 'unpin') await pins.rm(root, { ...WAIT, name: command.name })
    else await pins.update(root, dagAt(command.to).root, WAIT)
  }

  /** As a node does it: nothing that a root keeps. */
  async #remove(keys: readonly string[]): Promise<boolean> {
    const { removeUnkept } = await import('../../src/pins/remove-block.ts')
    return removeUnkept(this.#open, blockAt(keys[0] as string).cid, WAIT)
  }

  async #close(): Promise<void> {
    await this.#walk?.stop()
    await this.#collection?.stop()
    this.#walk = undefined
    this.#collection = undefined
    this.#operation = undefined
    const store = this.#store
    this.#store = undefined
    await store?.[Symbol.asyncDispose]()
  }
}

if (BLOCKS.size === 0) throw new Error('an empty world proves nothing')
