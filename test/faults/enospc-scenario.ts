// What enospc.test.ts does on a disk of its own: every operation with a little more room each time, until it fits. Arguments: folder, step, most.

import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { CID } from 'multiformats/cid'
import * as assert from 'uvu/assert'
import type { AddOptions, ImportSource } from '../../src/api/add.ts'
import { configSchema } from '../../src/config/schema.ts'
import { exportCar } from '../../src/dag/car/car-write.ts'
import { isCairnError } from '../../src/errors.ts'
import { LIMITS } from '../../src/limits.ts'
import { type LocalNode, openNode } from '../../src/node/open.ts'
import { SILENT } from '../../src/observe/log.ts'
import { MiB } from '../../src/units.ts'
import { findings } from '../pins/support.ts'
import { assertBooks, leaf, WAIT } from '../store/support.ts'
import { makeTree, randomBytes } from '../support/files.ts'
import { Ballast } from './support.ts'

const [disk = '', step = '65536', role = 'daemon'] = process.argv.slice(2)
const STEP = Number(step)
/** Steps that an operation went well with before the next one's turn. */
const WELL = 3
const MOST_STEPS = 1500
const repo = join(disk, 'repo')
const ballast = new Ballast(disk)
const next = randomBytes(11)
const reserveFile = join(repo, 'reserve')

const config = configSchema.parse({ mode: 'offline', store: { grace: '0s' } })
const open = (): Promise<LocalNode> =>
  openNode({
    repo,
    config,
    log: SILENT,
    role: role === 'daemon' ? 'daemon' : 'command',
    network: 'never',
    createIfMissing: true,
  })

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function addAll(source: ImportSource, options: Partial<AddOptions> = {}): Promise<CID> {
  for await (const event of node.add([source], { ...WAIT, chunker: 'size-65536', ...options })) {
    if (event.type === 'done') return event.roots[0] as CID
  }
  throw new Error('an add ended without saying so')
}

const stream = (bytes: Uint8Array): ImportSource => ({ kind: 'stream', name: 'file', content: once(bytes) })

async function collect(): Promise<void> {
  for await (const _ of node.repo.gc(WAIT)) {
    // Only that it ends well is of interest.
  }
}

interface Operation {
  readonly name: string
  /** Resolves with what is acknowledged, if something is. */
  readonly run: () => Promise<CID | undefined>
  /** As it was before. */
  readonly undo: (cid: CID) => Promise<void>
  /** What frees room may never be refused. */
  readonly always?: true
}

const unpin = async (cid: CID) => {
  await node.pins.rm(cid, WAIT)
  await collect()
}

let node = await open()
const base = next(2 * MiB)
const baseRoot = await addAll(stream(base))
const work = join(disk, '..', 'in')
mkdirSync(work, { recursive: true })
const tree = makeTree(join(work, 'tree'), { seed: 7, count: 40, maxBytes: 30_000 })
const pinned = await addAll({
  kind: 'path',
  path: makeTree(join(work, 'kept'), { seed: 8, count: 20, maxBytes: 30_000 }),
})
const car = await makeCar()
let seed = 0

async function makeCar(): Promise<Uint8Array> {
  const root = await addAll({
    kind: 'path',
    path: makeTree(join(work, 'car'), { seed: 9, count: 30, maxBytes: 30_000 }),
  })
  const parts: Uint8Array[] = []
  for await (const chunk of exportCar(node.store, { root, segments: [] }, WAIT)) parts.push(Uint8Array.from(chunk))
  await unpin(root)
  return Buffer.concat(parts)
}

const firstChild = async (): Promise<CID> => {
  for await (const pin of node.pins.ls({ ...WAIT, cid: pinned })) assert.is(pin.status, 'pinned')
  const { walkDag } = await import('../../src/dag/walk.ts')
  for await (const { cid } of walkDag(node.store, pinned, WAIT)) if (!cid.equals(pinned)) return cid
  throw new Error('a folder without content')
}
const child = await firstChild()

const OPERATIONS: readonly Operation[] = [
  { name: 'add', run: () => addAll(stream(next(700_000))), undo: unpin },
  { name: 'add folder', run: () => addAll({ kind: 'path', path: tree }), undo: unpin },
  {
    name: 'import',
    run: async () => {
      const { roots } = await node.importCar(once(car), WAIT)
      assert.is(roots[0]?.pinError, '')
      return roots[0]?.cid
    },
    undo: unpin,
  },
  { name: 'pin', run: async () => (await node.pins.add(child, WAIT)).cid, undo: unpin },
  {
    name: 'unpin and gc',
    always: true,
    run: async () => {
      await node.pins.rm(pinned, WAIT)
      await collect()
      return undefined
    },
    undo: async () => undefined,
  },
  {
    name: 'block put',
    run: async () => {
      const block = leaf(`put ${seed++}`, 300_000)
      await node.putBlocks([block], WAIT)
      return block.cid
    },
    undo: collect,
  },
  {
    name: 'files cp',
    run: () => addAll(stream(next(5000)), { pin: false, toFiles: `/name-${seed++}` }),
    undo: async () => undefined,
  },
]

const isPinned = async (cid: CID): Promise<boolean> => (await node.pins.whyPinned(cid, WAIT)) !== undefined

/** Packs are read from the disk each time; what is small may come from memory. */
async function assertBaseReads(): Promise<void> {
  const { blocks } = await node.dagStat(baseRoot, WAIT)
  assert.ok(blocks > 30)
  const parts: Uint8Array[] = []
  const { cid } = { cid: baseRoot }
  const { walkDag } = await import('../../src/dag/walk.ts')
  for await (const block of walkDag(node.store, cid, WAIT)) {
    if (block.cid.code === 0x55) parts.push(await node.store.get(block.cid, WAIT))
  }
  assert.ok(Buffer.concat(parts).equals(base), 'what was acknowledged reads as it was')
}

/** Somebody makes room: what is written next fills the reserve first. */
async function assertRecovered(): Promise<void> {
  ballast.none()
  const block = leaf(`after ${seed++}`)
  await node.putBlocks([block], WAIT)
  assert.is(statSync(reserveFile).size, LIMITS.reserveBytes.value, 'the reserve is whole again')
}

let [attempts, refused, checks] = [0, 0, 0]
const lines: string[] = []

for (const operation of OPERATIONS) {
  let well = 0
  let steps = 0
  for (; well < WELL && steps < MOST_STEPS; steps++) {
    await assertRecovered()
    if (operation.always && !(await isPinned(pinned)))
      await node.pins.add(pinned, WAIT).catch(() => addAll({ kind: 'path', path: join(work, 'kept') }))
    ballast.leave(steps * STEP)
    attempts++
    const outcome = await operation.run().then(
      cid => ({ cid }),
      error => ({ error }),
    )
    if ('error' in outcome) {
      assert.ok(
        isCairnError(outcome.error, 'NO_SPACE'),
        `${operation.name} with ${steps * STEP} bytes left: ${outcome.error.stack} ${outcome.error.cause?.stack}`,
      )
      assert.not.ok(operation.always, `${operation.name} was refused`)
      refused++
      well = 0
      await assertBaseReads()
      // Still on the full disk: what frees room works, again and again.
      await collect()
    } else {
      well++
      if (outcome.cid !== undefined) {
        const { blocks } = await node.dagStat(outcome.cid, WAIT)
        assert.ok(blocks > 0)
        await operation.undo(outcome.cid)
      }
    }
    if (steps % 8 === 0 || well === WELL) {
      assertBooks(node.store)
      assert.equal(await findings(node.store), [], `${operation.name} with ${steps * STEP} bytes left`)
      checks++
    }
  }
  assert.is(well, WELL, `${operation.name} never went well`)
  lines.push(`${operation.name} ${steps}`)
}
await assertRecovered()
await assertBaseReads()
await node[Symbol.asyncDispose]()
node = await open()
await assertBaseReads()
assert.equal(await findings(node.store), [])
await node[Symbol.asyncDispose]()
console.log(
  `» enospc (${role}, steps of ${STEP / 1024} KiB): ${attempts} attempts (${lines.join(', ')}), ${refused} refused with NO_SPACE, 0 of them stored, ${checks} whole checks clean, reserve whole after each`,
)
