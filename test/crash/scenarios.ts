// What is swept: commands and a daemon at work, each on a repository in which everything that can go wrong has something to lose.

import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cairnOk } from '../support/cairn.ts'
import { makeTree, randomBytes } from '../support/files.ts'
import type { Ledger } from './invariants.ts'
import type { RunContext, Scenario } from './kill-points.ts'

export const NOTHING: Ledger = { whole: [], pinned: [], unpinned: [] }

export interface World {
  readonly base: string
  readonly inputs: string
  readonly ledger: Ledger
  /** Pinned: a folder of small files, a file in a pack that is mostly dead, a block with a file of its own. */
  readonly tree: string
  readonly packed: string
  readonly single: string
  /** Here, kept by nothing and still in grace: a folder in a pack. */
  readonly loose: string
  readonly car: string
  readonly carRoot: string
}

const SMALL_BLOCKS = ['--chunker', 'size-65536']

/** Made once a file of tests. */
export async function makeWorld(work: string): Promise<World> {
  const [base, inputs, other] = ['base', 'inputs', 'other'].map(name => join(work, name)) as [string, string, string]
  mkdirSync(inputs)
  const file = (name: string, seed: number, sizeBytes: number) => {
    const path = join(inputs, name)
    writeFileSync(path, randomBytes(seed)(sizeBytes))
    return path
  }
  const add = (repo: string, ...args: string[]) => cairnOk(['add', '-Q', ...args], { repo })
  await cairnOk(['init'], { repo: base })
  const tree = await add(base, makeTree(join(inputs, 'tree'), { seed: 1, count: 12, maxBytes: 4000 }))
  const packed = await add(base, ...SMALL_BLOCKS, file('packed', 2, 260_000))
  const dropped = await add(base, ...SMALL_BLOCKS, file('dropped', 3, 500_000))
  const single = await add(base, file('single', 4, 150_000))
  const gone = await add(base, file('gone', 5, 120_000))
  const goneTree = await add(base, makeTree(join(inputs, 'gone-tree'), { seed: 6, count: 10, maxBytes: 3000 }))
  await cairnOk(['pin', 'rm', dropped, gone, goneTree], { repo: base })
  const loose = await add(base, '--pin=false', ...SMALL_BLOCKS, file('loose', 7, 200_000))
  for (const [name, seed, sizeBytes] of [
    ['new-single', 8, 180_000],
    ['new-packed', 9, 400_000],
    ['new-small', 10, 3000],
  ] as const)
    file(name, seed, sizeBytes)
  // Half of it is here already: met, not put.
  makeTree(join(inputs, 'new-tree/known'), { seed: 1, count: 12, maxBytes: 4000 })
  makeTree(join(inputs, 'new-tree/more'), { seed: 11, count: 40, maxBytes: 9000 })
  await cairnOk(['init'], { repo: other })
  const carRoot = await add(other, makeTree(join(inputs, 'car-tree'), { seed: 12, count: 30, maxBytes: 9000 }))
  const car = join(inputs, 'in.car')
  await cairnOk(['dag', 'export', '-o', car, carRoot], { repo: other })
  const ledger = { whole: [tree, packed, single, loose], pinned: [tree, packed, single], unpinned: [dropped, gone] }
  return { base, inputs, ledger, tree, packed, single, loose, car, carRoot }
}

/** A scenario's run of one command; the CIDs that it printed before its end are acknowledged. */
export const commandRun =
  (args: readonly string[], acknowledge: (cids: string[]) => Ledger): Scenario['run'] =>
  async context =>
    acknowledge(await runCommand(context, args))

async function runCommand(context: RunContext, args: readonly string[]): Promise<string[]> {
  const child = context.start(args)
  const stdout = text(child.stdout)
  const stderr = text(child.stderr)
  await once(child, 'close')
  const said = await stdout
  if (child.exitCode !== null && child.exitCode > 0) throw new Error(`${args.join(' ')}: ${await stderr}`)
  return said.match(/\b(?:baf[a-z2-7]{50,}|Qm\w{44})\b/g) ?? []
}

const asPinned = (cids: readonly string[]): Ledger => ({ whole: cids, pinned: cids, unpinned: [] })

export function commandScenarios(world: World): Scenario[] {
  const { base, inputs, ledger, tree, packed, single, loose, car } = world
  const input = (name: string) => join(inputs, name)
  const adds = (name: string, ...args: string[]): Scenario => ({
    name,
    base,
    ledger,
    run: commandRun(['add', '-Q', ...args], asPinned),
  })
  const scenario = (name: string, args: string[], acknowledge: (cids: string[]) => Ledger): Scenario => ({
    name,
    base,
    ledger,
    run: commandRun(args, acknowledge),
  })
  return [
    adds('add-small', input('new-small')),
    adds('add-block', input('new-single')),
    adds('add-file', ...SMALL_BLOCKS, input('new-packed')),
    adds('add-folder', input('new-tree')),
    adds('add-known', input('tree')),
    adds('add-to-files', '--to-files', '/a', input('new-small')),
    scenario('import', ['dag', 'import', car], asPinned),
    scenario('block-put', ['block', 'put', input('new-small')], cids => ({ ...NOTHING, whole: cids })),
    scenario('pin', ['pin', 'add', loose], asPinned),
    {
      ...scenario('unpin', ['pin', 'rm', single], cids => ({ ...NOTHING, unpinned: cids })),
      ledger: { ...ledger, whole: [tree, packed, loose], pinned: [tree, packed] },
    },
    {
      ...scenario('pin-update', ['pin', 'update', packed, loose], cids =>
        cids.length === 0 ? NOTHING : { ...asPinned([loose]), unpinned: [packed] },
      ),
      // From the first row of the new one to the transaction that drops the old one, the old one is what holds.
      ledger: { ...ledger, whole: [tree, single, loose], pinned: [tree, single], onePinned: [[packed, loose]] },
    },
    scenario('gc', ['gc', '--silent'], () => NOTHING),
  ]
}

export async function text(stream: NodeJS.ReadableStream | null): Promise<string> {
  let all = ''
  for await (const chunk of stream ?? []) all += chunk
  return all
}

/** Waits for the ready line; undefined if it dies before that. */
export async function daemonApi(child: ChildProcess): Promise<string | undefined> {
  let seen = ''
  for await (const chunk of child.stdout ?? []) {
    seen += chunk
    const end = seen.indexOf('\n')
    if (end !== -1) return (JSON.parse(seen.slice(0, end)) as { api: string }).api
  }
  return undefined
}
