// Races about what becomes kept: linked, pinned late, cached before, and the power cut at once (spec: store §8).

import { linkInFiles } from '../../src/files/mfs.ts'
import type { Operation } from '../../src/store/store.ts'
import { pinsOf, withNetwork } from '../pins/support.ts'
import { leaf, putAll, WAIT } from '../store/support.ts'
import { networkOf, over } from './acts.ts'
import {
  acknowledged,
  adder,
  big,
  collector,
  HOUR_MS,
  importedFile,
  judgeAfterCut,
  leaveGarbage,
  race,
  SWEEP_POINTS,
} from './cast.ts'
import { pause } from './schedule.ts'

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
