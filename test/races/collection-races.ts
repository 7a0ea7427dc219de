// Races with a collection: what it may not take, whoever comes at whatever moment (spec: store §8).

import { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RAW } from '../../src/block/cid.ts'
import type { BlockSource, NewBlock } from '../../src/block/source.ts'
import { folder } from '../pins/dags.ts'
import { pinsOf, withNetwork } from '../pins/support.ts'
import { leaf, putAll, WAIT } from '../store/support.ts'
import { ACTS, type Act, networkOf, over } from './acts.ts'
import { acknowledged, adder, addSlowly, big, collector, leaveGarbage, race } from './cast.ts'
import { cutAndJudge } from './cut-points.ts'
import { pause } from './schedule.ts'
import { isWanted } from './stage.ts'

const KILLED = 'race: killed between commit and unlink'

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
