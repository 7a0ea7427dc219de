// Every CAR recorded from Kubo, made anew: the input imported, the DAG exported, the bytes compared.

import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ImportProfile } from '../../src/api/add.ts'
import { exportCar } from '../../src/dag/car/car-write.ts'
import { importSources } from '../../src/dag/import/import.ts'
import { dagStat } from '../../src/dag/walk.ts'
import { signal, wait } from '../support/dags.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'
import { optionsOf, writeCorpus } from './kubo-flags.ts'

interface GoldenCar {
  readonly name: string
  readonly profile: ImportProfile | null
  readonly input?: string
  readonly options: readonly string[]
  readonly root: string
  readonly bytes: number
  readonly sha256: string
  readonly blockCount: number
}

const CARS: GoldenCar[] = JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/cids/cars.json'), 'utf8'))
const corpus = mkdtempSync(join(tmpdir(), 'corpus-'))
await writeCorpus(corpus)
test.after(() => rmSync(corpus, { recursive: true, force: true }))

async function importInput({ input, options, profile }: GoldenCar): Promise<{ memory: MemoryBlocks; root: CID }> {
  const memory = new MemoryBlocks()
  const { stdinName: _, ...flags } = optionsOf(options, profile)
  let root: CID | undefined
  const sources = [{ kind: 'path', path: join(corpus, input ?? '') }] as const
  for await (const event of importSources(sources, { ...flags, signal }, memory)) {
    if (event.type === 'failed') throw event.error
    if (event.type === 'done') root = event.roots[0]
  }
  return { memory, root: root as CID }
}

for (const golden of CARS) {
  if (golden.input === undefined) continue
  test(`the CAR of ${golden.name}, from its files`, async () => {
    const { memory, root } = await importInput(golden)
    assert.is(root.toString(), golden.root)
    const hash = createHash('sha256')
    let bytes = 0
    for await (const chunk of exportCar(memory, { root, segments: [] }, wait)) {
      hash.update(chunk)
      bytes += chunk.byteLength
    }
    assert.is(bytes, golden.bytes)
    assert.is(hash.digest('hex'), golden.sha256)
    assert.is((await dagStat(memory, root, wait)).blocks, golden.blockCount)
  })
}

test('there are as many as were recorded', () => {
  assert.ok(CARS.filter(({ input }) => input !== undefined).length >= 22)
})

test.run()
