// The scheduled races of the store (spec: store §8): each in every order of its actors, judged by what was acknowledged.

import { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RAW } from '../../src/block/cid.ts'
import type { BlockSink, BlockSource, NewBlock } from '../../src/block/source.ts'
import { importSources } from '../../src/dag/import/import.ts'
import { isCairnError } from '../../src/errors.ts'
import { linkInFiles } from '../../src/files/mfs.ts'
import { pinStatements } from '../../src/pins/pins.ts'
import { openEpoch } from '../../src/store/collect/epoch.ts'
import type { Operation, Store } from '../../src/store/store.ts'
import { KiB } from '../../src/units.ts'
import { folder, type MadeDag } from '../pins/dags.ts'
import { gc, pinsOf, withNetwork } from '../pins/support.ts'
import { bytesOf, leaf, putAll, WAIT } from '../store/support.ts'
import { ACTS, type Act, networkOf, over } from './acts.ts'
import { cutAndJudge } from './cut-points.ts'
import { crashedCopy } from './power-cut.ts'
import { type Actor, inEveryOrder, type Orders, type Outcome, pause, type Scene, stopAtPoint } from './schedule.ts'
import { isWanted, newRepo, Stage } from './stage.ts'

const KILLED = 'race: killed between commit and unlink'
const HOUR_MS = 3_600_000
/** Of orders of one race: a sample in the small budget. */
const MOST = Number(process.env.RACE_ORDERS ?? (process.env.TEST_FULL ? 1500 : 24))

const SWEEP_POINTS = ['gc: epoch open', 'gc: marked', 'sweep: page read', 'gc: swept']
const played: Orders[] = []

/** Registers the test: `set` makes the scene on an empty repository. */
function race(name: string, set: (stage: Stage) => Promise<Omit<Scene, keyof AsyncDisposable>>): void {
  const title = `race: ${name}`
  if (!isWanted(title)) return
  test(title, async () => {
    const orders = await inEveryOrder(async () => {
      const stage = new Stage(await newRepo())
      return { ...(await set(stage)), [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose]() }
    }, MOST)
    assert.ok(orders.count > 1, 'more than one order')
    played.push(orders)
  })
}

const collector = (store: Store, stopsAt = SWEEP_POINTS, graceMs = 0): Actor => ({
  name: 'gc',
  stopsAt,
  run: async () => void (await gc(store, { graceMs })),
})

/** As an add: the pin is in the last transaction of the operation that puts its blocks. */
async function addSlowly(store: Store, { root, blocks }: MadeDag, inOneCommit = true): Promise<void> {
  await using operation = await store.begin('add')
  for (const block of blocks) await operation.put(block)
  if (!inOneCommit) await operation.flush()
  await pause('add: put')
  await operation.finish(pinStatements([root], { mode: 'recursive', name: '' }))
}

const adder = (store: Store, dag: MadeDag, stopsAt: readonly string[], inOneCommit = true): Actor => ({
  name: 'add',
  stopsAt,
  run: () => addSlowly(store, dag, inOneCommit),
})

/** Blocks without a root, of an older epoch than whatever begins now. */
async function leaveGarbage(stage: Stage, blocks: readonly NewBlock[]): Promise<void> {
  const store = await stage.open()
  await putAll(store, blocks)
  await openEpoch(store, 0)
}

/** An actor that failed has acknowledged nothing; these may fail with these codes, the others not at all. */
function acknowledged(outcome: Outcome, may: Record<string, readonly string[]> = {}): Set<string> {
  const well = new Set<string>()
  for (const [name, error] of outcome) {
    if (error === undefined) well.add(name)
    else if (!may[name]?.some(code => isCairnError(error, code as 'NOT_FOUND')))
      assert.unreachable(`${name} failed: ${error instanceof Error ? error.stack : error}`)
  }
  return well
}

/** Above the size that goes inline: alone it becomes a file. */
const BIG = 100 * KiB
const big = (seed: string): NewBlock => leaf(seed, BIG)
/** As an import makes it: the files tree takes nothing else. */
async function importedFile(seed: string): Promise<MadeDag> {
  const blocks: NewBlock[] = []
  const sink: BlockSink = {
    put: ({ cid, bytes, hasLinks, release }) => {
      blocks.push({ cid, bytes: new Uint8Array(bytes), hasLinks })
      release?.()
    },
  }
  const content = (async function* () {
    yield bytesOf(seed, 300 * KiB)
  })()
  let root: CID | undefined
  const options = { chunker: 'size-100000', ...WAIT }
  for await (const event of importSources([{ kind: 'stream', name: seed, content }], options, sink))
    if (event.type === 'done') root = event.roots[0]
  return { root: root as CID, blocks }
}

export function raceTests(): void {
  globalThis.cairnAtPoint = stopAtPoint

  race('an operation ends between mark and sweep: a pin that met a stray leaf', async stage => {
    const [store, other] = [await stage.open(), await stage.open()]
    const stray = leaf('stray')
    const dag = over(leaf('own'), over(stray, leaf('beside')).blocks.at(-1) as NewBlock, stray, leaf('beside'))
    const network = networkOf(dag)
    // It comes while the pin walks, by somebody who leaves no root: of no older epoch than the pin, so that it is only met.
    const source: BlockSource = {
      ...withNetwork(store, network),
      get: async (cid, wait) => {
        if (cid.equals(dag.root)) await putAll(other, [stray])
        return network.get(cid, wait)
      },
    }
    return {
      actors: [
        {
          name: 'pin',
          stopsAt: ['pin: row', 'pin: walked', 'commit: data durable'],
          run: async () => void (await pinsOf(store, source).add(dag.root, WAIT)),
        },
        collector(await stage.open()),
      ],
      verify: async outcome => {
        acknowledged(outcome)
        await stage.judge(dag.blocks)
      },
    }
  })

  race('an operation ends between mark and sweep: an add', async stage => {
    const dag = folder(['a', 'b'])
    return {
      actors: [
        adder(await stage.open(), dag, ['add: put', 'commit: data durable'], false),
        collector(await stage.open()),
      ],
      verify: async outcome => {
        acknowledged(outcome)
        await stage.judge(dag.blocks)
      },
    }
  })

  race('hit, sweep, touch: an add meets what is being swept', async stage => {
    const dag = over(big('hit 1'), leaf('hit 2'))
    await leaveGarbage(stage, dag.blocks)
    return {
      actors: [
        adder(await stage.open(), dag, ['add: put', 'commit: looked', 'commit: data durable']),
        collector(await stage.open()),
      ],
      verify: async outcome => {
        acknowledged(outcome)
        await stage.judge(dag.blocks)
      },
    }
  })

  race('hit, sweep, touch: the walk of a pin meets what is being swept', async stage => {
    const [stale, fetched] = [[big('met 1'), leaf('met 2')], leaf('met 3')]
    const dag = over(...stale, fetched)
    await leaveGarbage(stage, stale)
    const store = await stage.open()
    const source = withNetwork(store, networkOf(over(fetched), dag))
    return {
      actors: [
        {
          name: 'pin',
          stopsAt: ['pin: row', 'keep: looked', 'pin: walked', 'commit: looked'],
          run: async () => void (await pinsOf(store, source).add(dag.root, WAIT)),
        },
        collector(await stage.open()),
      ],
      verify: async outcome => {
        const well = acknowledged(outcome, { pin: ['BLOCK_NOT_LOCAL'] })
        await stage.judge(well.has('pin') ? dag.blocks : [])
      },
    }
  })

  race('pinned at once, as all of it is here, after mark', async stage => {
    const dag = over(big('here 1'), leaf('here 2'))
    await leaveGarbage(stage, dag.blocks)
    const store = await stage.open()
    return {
      actors: [
        {
          name: 'pin',
          stopsAt: ['pin: asked', 'pin: looked through', 'commit: looked'],
          run: async () => {
            await pause('pin: asked')
            await pinsOf(store).add(dag.root, WAIT)
          },
        },
        collector(await stage.open(), ['gc: epoch open', 'gc: marked', 'sweep: page read', 'sweep: dropped']),
      ],
      verify: async outcome => {
        const well = acknowledged(outcome, { pin: ['BLOCK_NOT_LOCAL'] })
        await stage.judge(well.has('pin') ? dag.blocks : [])
      },
    }
  })

  race('put again between the deletion of its row and the unlinking of its file', async stage => {
    const block = big('again')
    await leaveGarbage(stage, [block])
    const dag = { root: block.cid, blocks: [block] }
    return {
      actors: [
        collector(await stage.open(), ['gc: marked', 'sweep: dropped', 'gc: settled', 'dead: page read']),
        adder(await stage.open(), dag, ['add: put', 'commit: looked', 'commit: data durable']),
      ],
      verify: async outcome => {
        acknowledged(outcome)
        await stage.judge(dag.blocks)
      },
    }
  })

  if (isWanted(KILLED))
    test(KILLED, async () => {
      const points = ['sweep: dropped', 'gc: settled', 'dead: page read', 'dead: unlinked']
      const act = ACTS.find(({ name }) => name === 'gc') as Act
      const count = await cutAndJudge({
        act,
        losses: ['processes'],
        hitsOfOnePoint: 3,
        isWanted: point => points.includes(point) || point === 'transaction: before COMMIT',
      })
      assert.ok(count > points.length, 'killed at each of them')
    })

  race('raw and dag-pb of one multihash: direct, then recursive, beside a collection', async stage => {
    const dag = over(leaf('below 1'), leaf('below 2'))
    const top = dag.blocks.at(-1) as NewBlock
    const asRaw = { ...top, cid: CID.createV1(RAW, top.cid.multihash), hasLinks: false }
    const [first, second] = [await stage.open(), await stage.open()]
    const network = networkOf(dag)
    return {
      actors: [
        {
          name: 'raw',
          stopsAt: ['raw: put', 'raw: pinned'],
          run: async () => {
            await addSlowly(first, { root: asRaw.cid, blocks: [asRaw] })
            await pause('raw: pinned')
            await pinsOf(first, withNetwork(first, network)).add(top.cid, { mode: 'direct', ...WAIT })
          },
        },
        {
          name: 'recursive',
          stopsAt: ['pin: row', 'pin: walked'],
          run: async () => void (await pinsOf(second, withNetwork(second, network)).add(top.cid, WAIT)),
        },
        collector(await stage.open(), ['gc: epoch open', 'gc: marked']),
      ],
      verify: async outcome => {
        acknowledged(outcome)
        await stage.judge(dag.blocks)
      },
    }
  })

  race('files cp after mark', async stage => {
    const dag = await importedFile('cp')
    await leaveGarbage(stage, dag.blocks)
    const store = await stage.open()
    const copy = async (operation: Operation) => {
      const entries = [{ name: 'copied', cid: dag.root }]
      const statements = await linkInFiles({ store, operation, entries, path: '/', ...WAIT })
      await operation.finish(statements)
    }
    return {
      actors: [
        {
          name: 'cp',
          stopsAt: ['cp: begun'],
          run: async () => {
            await using operation = await store.begin('add')
            await pause('cp: begun')
            await copy(operation)
          },
        },
        collector(await stage.open()),
      ],
      verify: async outcome => {
        const well = acknowledged(outcome, { cp: ['BLOCK_NOT_LOCAL'] })
        await stage.judge(well.has('cp') ? dag.blocks : [])
      },
    }
  })

  race('added without a pin, a collection, pinned ten seconds later', async stage => {
    const dag = over(leaf('later 1'), big('later 2'))
    const store = await stage.open()
    const realNow = Date.now
    return {
      actors: [
        {
          name: 'add',
          stopsAt: ['later: added', 'later: 10 s', 'pin: looked through'],
          run: async () => {
            await putAll(store, dag.blocks)
            await pause('later: added')
            Date.now = () => realNow() + 10_000
            await pause('later: 10 s')
            await pinsOf(store).add(dag.root, WAIT)
          },
        },
        collector(await stage.open(), SWEEP_POINTS, HOUR_MS),
      ],
      verify: async outcome => {
        Date.now = realNow
        acknowledged(outcome)
        await stage.judge(dag.blocks)
      },
    }
  })

  race('cached, then kept, and the power is cut at once', async stage => {
    const dag = over(big('cached 1'), big('cached 2'))
    const store = await stage.open()
    const other = await stage.open()
    return {
      actors: [
        {
          name: 'cache',
          stopsAt: ['commit: data durable'],
          run: async () => {
            for (const { cid, bytes } of dag.blocks) await other.cache(cid, bytes)
            await other.write([])
          },
        },
        {
          name: 'pin',
          stopsAt: ['pin: row', 'pin: walked', 'commit: looked', 'commit: data durable'],
          run: async () => void (await pinsOf(store, withNetwork(store, networkOf(dag))).add(dag.root, WAIT)),
        },
      ],
      verify: async outcome => {
        acknowledged(outcome)
        await judgeAfterCut(stage, dag.blocks)
      },
    }
  })

  race('one block kept by one process and cached by another, and the power is cut', async stage => {
    const block = big('both')
    const other = await stage.open()
    return {
      actors: [
        adder(await stage.open(), { root: block.cid, blocks: [block] }, [
          'add: put',
          'commit: looked',
          'file: written',
          'commit: data durable',
        ]),
        {
          name: 'cache',
          stopsAt: ['cache: offered', 'file: written', 'commit: data durable'],
          run: async () => {
            await other.cache(block.cid, block.bytes)
            await pause('cache: offered')
            await other.write([])
          },
        },
      ],
      verify: async outcome => {
        acknowledged(outcome)
        await judgeAfterCut(stage, [block])
      },
    }
  })

  test('the counts of the races', () => {
    if (process.env.TEST_ONLY) return
    const orders = played.reduce((sum, { count }) => sum + count, 0)
    const whole = played.filter(({ all }) => all).length
    console.log(`\n» races: ${played.length} races, ${orders} orders played (${whole} races in every order), 0 lost`)
    assert.ok(played.length > 0)
  })
}

/** What the cut left, judged in its own folder: nobody has it open. */
async function judgeAfterCut(stage: Stage, kept: readonly NewBlock[]): Promise<void> {
  const left = new Stage(`${stage.path}-cut`)
  crashedCopy(stage.path, left.path, 'power')
  await left.judge(kept)
  await stage.judge(kept)
}
