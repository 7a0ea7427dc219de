// One rig in a mount namespace of its own: `power-cut-rig.ts <work> <file system> <cuts> <seed>`; prints its result as JSON.

import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { cairnOk } from '../support/cairn.ts'
import { makeTree, randomBytes } from '../support/files.ts'
import { Checker } from './checker.ts'
import type { Ledger } from './invariants.ts'
import { CutDisk, type FileSystem } from './power-cut-disk.ts'
import { Load } from './power-cut-load.ts'

export interface RigResult {
  readonly cuts: number
  readonly acknowledged: number
  /** Writes that the hard limit refused. */
  readonly refused: number
  /** Roots looked at after the cuts. */
  readonly verified: number
  readonly violations: readonly string[]
  /** Of files that a writer without a sync had finished before a cut: how many were lost, of how many. */
  readonly control: { readonly lost: number; readonly written: number }
}

const CONTROL_FILES = 20

async function main([work = '', kind = 'ext4', cuts = '3', seed = '1']: readonly string[]): Promise<RigResult> {
  using disk = new CutDisk(work, kind as FileSystem)
  const control = await tryControl(disk)
  const repo = join(disk.folder, 'repo')
  await cairnOk(['init'], { repo })
  const cars = await makeCars(work)
  await using checker = new Checker()
  await using load = new Load({ repo, work, seed: Number(seed), cars })
  await load.start()
  const random = randomBytes(Number(seed) + 1)
  const violations: string[] = []
  let verified = 0
  let done = 0
  for (; done < Number(cuts) && violations.length === 0; done++) {
    await Promise.race([load.failure, setTimeout(20 + (random(2).readUInt16LE() % 500))])
    const before = load.owed()
    const copy = disk.cut()
    const ledger = owedThroughout(before, load.owed())
    verified += ledger.whole.length
    const found = await disk.afterCut(copy, folder => checker.judge({ path: join(folder, 'repo'), ledger }))
    violations.push(...found.map(text => `cut ${done + 1}: ${text}`))
  }
  return { cuts: done, acknowledged: load.acknowledged, refused: load.refused, verified, violations, control }
}

const owedThroughout = (before: Ledger, after: Ledger): Ledger => {
  const both = (a: readonly string[], b: readonly string[]) => a.filter(cid => new Set(b).has(cid))
  return {
    whole: both(before.whole, after.whole),
    pinned: both(before.pinned, after.pinned),
    unpinned: both(before.unpinned, after.unpinned),
  }
}

/** That the rig can see a loss at all: what is written without a sync must not be there after a cut. */
async function tryControl(disk: CutDisk): Promise<RigResult['control']> {
  const folder = join(disk.folder, 'control')
  mkdirSync(folder)
  spawnSync('sync', ['-f', disk.folder])
  const names = Array.from({ length: CONTROL_FILES }, (_, i) => `f${i}`)
  for (const name of names) writeFileSync(join(folder, name), 'written, and said to be stored')
  const lost = await disk.afterCut(disk.cut(), async after => {
    const isThere = (name: string) => {
      const file = join(after, 'control', name)
      return statSync(file, { throwIfNoEntry: false }) !== undefined && readFileSync(file, 'utf8').startsWith('written')
    }
    return names.filter(name => !isThere(name)).length
  })
  return { lost, written: names.length }
}

async function makeCars(work: string): Promise<{ file: string; root: string }[]> {
  const repo = join(work, 'source')
  const cars: { file: string; root: string }[] = []
  for (let i = 0; i < 4; i++) {
    const tree = makeTree(join(work, `car-${i}`), { seed: 50 + i, count: 30, maxBytes: 12_000 })
    const root = await cairnOk(['add', '-Q', tree], { repo })
    const file = join(work, `${i}.car`)
    await cairnOk(['dag', 'export', '-o', file, root], { repo })
    cars.push({ file, root })
  }
  return cars
}

console.log(JSON.stringify(await main(process.argv.slice(2))))
process.exit(0)
