// The hostile corpus through the doors of the DAG code, each case judged by its outcome.

import type { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkName, escapeName } from '../../src/dag/names.ts'
import { describeEntry } from '../../src/dag/resolve.ts'
import { listDirectory } from '../../src/dag/unixfs/list.ts'
import { isCairnError } from '../../src/errors.ts'
import { CONTENT_CASES as CASES, contentOf, type HostileCase } from '../hostile/corpus.ts'
import { wait } from '../support/dags.ts'
import { type Answer, ask, extract, findsWhatItLists, type Imported, importHostile, rootOf } from './hostile-doors.ts'

/** Doors that have to understand a block. The others may take it as bytes with links in them. */
const READERS = new Set(['path', 'list', 'ls', 'get', 'tar', 'head', 'range', 'json', 'html'])
/** Doors that write or name: everything else is behind the import. */
const NOT_ASKED = new Set(['import', 'put', 'bitswap'])
/** Blocks of the corpus are small, and the reads of a door may meet one again. */
const MOST_READS = 20_000

function rootIfAny(hostile: HostileCase, imported: Imported): CID | undefined {
  try {
    return rootOf(hostile, imported)
  } catch (error) {
    if (isCairnError(error)) return undefined
    throw error
  }
}

async function askAll(hostile: HostileCase, imported: Imported): Promise<Map<string, Answer>> {
  const answers = new Map<string, Answer>()
  const root = rootIfAny(hostile, imported)
  if (root === undefined) return answers
  const { memory } = imported
  for (const door of hostile.doors) {
    if (NOT_ASKED.has(door)) continue
    memory.reads.length = 0
    answers.set(door, await ask(door, memory, root))
    assert.ok(memory.reads.length <= MOST_READS, `${door}: ${memory.reads.length} reads`)
    if (hostile.maxBlocks !== undefined) {
      const distinct = new Set(memory.reads.map(String)).size
      assert.ok(distinct <= hostile.maxBlocks, `${door}: ${distinct} blocks`)
    }
    await new Promise(resolve => setImmediate(resolve))
    assert.is(memory.borrowed, 0, `${door}: buffers not given back`)
  }
  return answers
}

const allAre = (answers: Map<string, Answer>, isRight: (answer: Answer, door: string) => boolean) => {
  for (const [door, answer] of answers) assert.ok(isRight(answer, door), `${door}: ${answer}`)
}

/** `get` may leave out what no disk takes, if it says so. */
const isRead = (answer: Answer): boolean => answer === 'ok' || answer === 'PARTIAL'

const isClear = ({ error }: Imported): boolean => isCairnError(error) && error.code !== 'INTERNAL'

const JUDGES: Record<string, (hostile: HostileCase, imported: Imported) => Promise<void>> = {
  accept: async (hostile, imported) => {
    assert.is(imported.error, undefined)
    const answers = await askAll(hostile, imported)
    allAre(answers, answer => isRead(answer))
    if (answers.get('get') === 'PARTIAL') assert.ok((await extractsNothingOutside(hostile, imported)) > 0)
    await listsAndFinds(hostile, imported)
  },
  refuse: async (_hostile, imported) => {
    assert.ok(isClear(imported), String(imported.error?.stack))
  },
  either: async (hostile, imported) => {
    if (imported.error !== undefined) {
      assert.ok(isClear(imported))
      return
    }
    const answers = await askAll(hostile, imported)
    const readers = [...answers].filter(([door]) => READERS.has(door))
    // Every reader says the same: all read it, or none does.
    const says = new Set(readers.map(([, answer]) => isRead(answer)))
    const isOneAnswer = says.size <= 1 || MIXED.has(hostile.name)
    assert.ok(isOneAnswer, JSON.stringify([...answers]))
    if (!says.has(false)) await listsAndFinds(hostile, imported)
  },
  incomplete: async (hostile, imported) => {
    assert.is(imported.error, undefined)
    const root = rootIfAny(hostile, imported) ?? imported.roots[0]
    assert.ok(root !== undefined)
    assert.is(await ask('pin', imported.memory, root), 'BLOCK_NOT_LOCAL')
    assert.is(await ask('car', imported.memory, root), 'BLOCK_NOT_LOCAL')
  },
  'read-refused': async (hostile, imported) => {
    if (imported.error !== undefined) {
      assert.ok(isClear(imported))
      return
    }
    const answers = await askAll(hostile, imported)
    // What stands beside a link that is never followed may be shown.
    const follows = hostile.name.includes('identity')
    allAre(answers, (answer, door) => answer !== 'ok' || !READERS.has(door) || (follows && door !== 'path'))
    if (follows) assert.ok(answers.get('pin') === 'LIMIT')
  },
  partial: async (hostile, imported) => {
    assert.is(imported.error, undefined)
    const answers = await askAll(hostile, imported)
    for (const door of ['path', 'tar', 'get']) assert.ok(answers.get(door) !== 'ok', `${door} is complete`)
  },
  listed: async (hostile, imported) => {
    assert.is(imported.error, undefined)
    const answers = await askAll(hostile, imported)
    if (answers.get('ls') === 'BAD_BLOCK' && hostile.name.startsWith('hamt/')) return
    assert.is(answers.get('ls'), 'ok')
    await extractsNothingOutside(hostile, imported)
  },
  bounded: async (hostile, imported) => {
    if (imported.error !== undefined) assert.ok(isClear(imported))
    else await askAll(hostile, imported)
  },
}

/** Kubo's types that are no files are listed and left out by what writes files; documents of a strict codec are not made up. */
const MIXED = new Set(['unixfs/metadata', 'unixfs/dir-links-to-unknown-codec', 'car/codec-unknown'])

async function listsAndFinds(hostile: HostileCase, imported: Imported): Promise<void> {
  const root = rootIfAny(hostile, imported)
  if (hostile.kind !== 'dag' || root === undefined) return
  if ((await describeEntry(imported.memory, root, wait)).kind !== 'directory') return
  assert.equal(await findsWhatItLists(imported.memory, root), [])
}

/** How many entries no disk takes. Each of them is told; what a terminal would obey never stands in what is told. */
async function extractsNothingOutside(hostile: HostileCase, imported: Imported): Promise<number> {
  const root = rootIfAny(hostile, imported) as CID
  const { result, outside } = await extract(imported.memory, root)
  assert.equal(outside, [])
  for (const { path, reason } of result.skipped) {
    assert.is(path, escapeName(path))
    assert.is(reason, escapeName(reason))
  }
  if ((await describeEntry(imported.memory, root, wait)).kind !== 'directory') return result.skippedCount
  const names = new Set<string>()
  let unsafe = 0
  for await (const { name, cid } of listDirectory(imported.memory, root, wait)) {
    const { kind } = await describeEntry(imported.memory, cid, wait)
    if (names.has(name) || !isSafe(name) || kind === 'other') unsafe++
    names.add(name)
  }
  assert.ok(result.skippedCount >= unsafe, `${result.skippedCount} told of ${unsafe}`)
  return unsafe
}

function isSafe(name: string): boolean {
  try {
    checkName(name)
    return true
  } catch {
    return false
  }
}

const groups = Map.groupBy(CASES, ({ kind, name }) =>
  kind === 'car' ? `${kind} ${name[4]}…` : (name.split('/')[0] ?? ''),
)

for (const [group, cases] of groups) {
  test(`hostile input: ${group} (${cases.length} cases)`, async () => {
    for (const hostile of cases) {
      const imported = await importHostile(contentOf(hostile))
      try {
        await JUDGES[hostile.outcome]?.(hostile, imported)
        const { maxStored = Number.POSITIVE_INFINITY } = hostile
        if (hostile.outcome === 'refuse' || hostile.kind === 'car')
          assert.ok(imported.memory.blocks.size <= maxStored, `${imported.memory.blocks.size} blocks stored`)
      } catch (cause) {
        throw new Error(`${hostile.name} (${hostile.outcome}): ${(cause as Error).message}`, { cause })
      }
    }
  })
}

test('every outcome of the corpus has a judge, and no case is left out', () => {
  assert.ok(CASES.length >= 420)
  for (const { outcome, name } of CASES) assert.ok(JUDGES[outcome] !== undefined, name)
  assert.is(({} as { polluted?: unknown }).polluted, undefined)
})

test.run()
