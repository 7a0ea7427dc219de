import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  cpSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { NewBlock } from '../../src/block/source.ts'
import { SILENT } from '../../src/observe/log.ts'
import { packFile } from '../../src/store/paths.ts'
import { type RebuildResult, rebuildIndex } from '../../src/store/rebuild/rebuild.ts'
import { initRepo } from '../../src/store/repo.ts'
import { ALIGN_BYTES, readRecord } from '../../src/store/write/record.ts'
import { KiB } from '../../src/units.ts'
import { findings, gc } from '../pins/support.ts'
import { assertBooks, assertReadable, bytesOf, leaf, openAt, putAll, WAIT } from '../store/support.ts'
import { addTrees, quickFolder, treeOf } from './support.ts'

const FULL = Boolean(process.env.TEST_FULL)
const WRITER = join(import.meta.dirname, '../store/writer-child.ts')
const PER_BATCH = 30
const totals = { torn: 0, sectors: 0, garbled: 0, recovered: 0, rebuilt: 0 }

const batch = (seed: string, index: number): NewBlock[] =>
  Array.from({ length: PER_BATCH }, (_, block) => leaf(`${seed}/${index}/${block}`, 9 * KiB))

/** A writer that is killed while it writes; resolves with the batches it had acknowledged. */
async function killedWriter(path: string, seed: string): Promise<NewBlock[][]> {
  const args = [WRITER, path, 'inline', seed, '1000', String(PER_BATCH), String(9 * KiB)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const durable = new Set<number>()
  child.stdout.on('data', chunk => {
    for (const [, index] of String(chunk).matchAll(/durable (\d+)/g)) durable.add(Number(index))
    if (durable.size >= 3) child.kill('SIGKILL')
  })
  await once(child, 'close')
  return [...durable].map(index => batch(seed, index))
}

function overwrite(file: string, at: number, bytes: Uint8Array): void {
  const fd = openSync(file, 'r+')
  writeSync(fd, bytes, 0, bytes.byteLength, at)
  closeSync(fd)
}

async function rebuild(path: string): Promise<RebuildResult> {
  for (const name of readdirSync(path)) if (name.startsWith('cairn.db')) rmSync(join(path, name))
  for await (const event of rebuildIndex({ path, log: SILENT, ...WAIT })) if (event.type === 'done') return event
  throw new Error('a rebuild ended without saying so')
}

/** What a power cut may leave of sectors that were never synced. */
const TEARS: readonly ((sizeBytes: number, old: Buffer) => Uint8Array)[] = [
  sizeBytes => bytesOf('garbage', sizeBytes),
  sizeBytes => new Uint8Array(sizeBytes),
  // Half of the sector is new, half as it was: the head of a record without its bytes.
  (sizeBytes, old) => Buffer.concat([old.subarray(0, 512), bytesOf('garbage', Math.max(0, sizeBytes - 512))]),
]

test('sectors torn from the boundary of the last group on take nothing that was acknowledged, for the index and for a rebuild', async () => {
  for (let round = 0; round < (FULL ? 12 : 3); round++) {
    using folder = quickFolder('packs-torn')
    const path = join(folder.path, 'repo')
    await initRepo(path)
    const acknowledged = await killedWriter(path, `torn ${round}`)
    {
      await using store = await openAt(path)
      const packs = store.database.all<{ id: number; committed: number }>('SELECT id, committed FROM packs')
      for (const { id, committed } of packs) {
        assert.is(committed % ALIGN_BYTES, 0, 'a group begins where a sector does')
        const file = packFile(path, id)
        const old = readFileSync(file).subarray(0, ALIGN_BYTES)
        const sizeBytes = Math.max(2 * ALIGN_BYTES, statSync(file).size - committed)
        overwrite(file, committed, (TEARS[round % TEARS.length] as (typeof TEARS)[number])(sizeBytes, old))
        totals.sectors += Math.ceil(sizeBytes / ALIGN_BYTES)
        totals.torn++
      }
      for (const blocks of acknowledged) await assertReadable(store, blocks)
      await putAll(store, batch('after', round))
      for (const blocks of acknowledged) await assertReadable(store, blocks)
      assertBooks(store)
      assert.equal(
        (await findings(store)).filter(found => found.startsWith('error')),
        [],
      )
    }
    await rebuild(path)
    totals.rebuilt++
    await using store = await openAt(path)
    for (const blocks of [...acknowledged, batch('after', round)]) await assertReadable(store, blocks)
    assertBooks(store)
    assert.equal(
      (await findings(store)).filter(found => found.startsWith('error')),
      [],
    )
    await gc(store)
  }
})

/** What of a record's header is spoilt, by where it lies in it. */
const SPOILT = [
  { what: 'magic', at: 0 },
  { what: 'length', at: 5 },
  { what: 'length of the multihash', at: 13 },
  { what: 'multihash', at: 25 },
  { what: 'header CRC', at: 16 + 34 },
]

test('garbled record headers cost the index nothing, and a rebuild only these records', async () => {
  using folder = quickFolder('packs-headers')
  const template = join(folder.path, 'template')
  await initRepo(template)
  const tree = treeOf('headers', 100, 9 * KiB)
  {
    await using store = await openAt(template)
    await addTrees(store, [tree])
  }
  const leaves = tree.blocks.slice(0, -1)
  for (const { what, at } of SPOILT) {
    const path = join(folder.path, 'repo')
    rmSync(path, { recursive: true, force: true })
    cpSync(template, path, { recursive: true })
    const file = packFile(path, 1)
    const pack = readFileSync(file)
    const starts: number[] = []
    for (let start = 0, index = 0; start < pack.byteLength; index++) {
      const record = readRecord(pack, start)
      if (record === undefined || 'pad' in record) break
      if (index % 10 === 3) starts.push(start)
      start = (record as { end: number }).end
    }
    assert.ok(starts.length >= 9, `${starts.length} records`)
    for (const start of starts) pack[start + at] = (pack[start + at] as number) ^ 0x41
    writeFileSync(file, pack)
    {
      await using store = await openAt(path)
      await assertReadable(store, tree.blocks)
    }
    const { packRecords, garbledBytes } = await rebuild(path)
    assert.is(packRecords, leaves.length - starts.length, what)
    assert.ok(garbledBytes > 0)
    totals.garbled += starts.length
    totals.recovered += packRecords
    await using store = await openAt(path)
    const here = leaves.filter(({ cid }) => store.has(cid))
    assert.is(here.length, packRecords)
    await assertReadable(store, here)
    assertBooks(store)
  }
})

test.after(() => {
  console.log(
    `\n» packs: ${totals.torn} packs torn behind their last group (${totals.sectors} sectors), ${totals.rebuilt} rebuilt from packs alone, nothing acknowledged lost; ${totals.garbled} headers garbled in ${SPOILT.length} ways, ${totals.recovered} other records recovered, none wrong`,
  )
})

test.run()
