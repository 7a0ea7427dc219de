// Every CID recorded from Kubo (test/fixtures/cids), with sizes, block counts and the entries of folders.

import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UnixFS } from 'ipfs-unixfs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { AddEvent } from '../../src/api/add.ts'
import { DAG_PB } from '../../src/block/cid.ts'
import { importSources } from '../../src/dag/import/import.ts'
import { isCairnError } from '../../src/errors.ts'
import { CheckingSink } from './checking-sink.ts'
import { type GoldenCase, goldenCases, optionsOf, sourcesOf, writeCorpus } from './kubo-flags.ts'

const corpus = mkdtempSync(join(tmpdir(), 'corpus-'))
await writeCorpus(corpus)

type Added = AddEvent & { type: 'added' }

async function run(golden: GoldenCase) {
  const { stdinName, ...options } = optionsOf(golden.options, golden.profile)
  const rules = options.ignoreRulesPath
  const sink = new CheckingSink()
  const added: Added[] = []
  let done: (AddEvent & { type: 'done' }) | undefined
  const events = importSources(
    sourcesOf(golden, corpus, stdinName),
    { ...options, ...(rules !== undefined && { ignoreRulesPath: join(corpus, rules) }) },
    sink,
  )
  for await (const event of events) {
    assert.is(done, undefined, 'an event after the last one')
    if (event.type === 'failed') throw event.error
    if (event.type === 'added') added.push(event)
    if (event.type === 'done') done = event
  }
  if (done === undefined) throw new Error('there was no last event')
  return { sink, added, roots: done.roots }
}

/** One that Kubo refuses for its lack of `-r`, which we do not need. */
const ONLY_KUBO_FAILS = new Set(['folder-without-r'])

async function mustFail(golden: GoldenCase): Promise<void> {
  try {
    await run(golden)
  } catch (error) {
    assert.ok(isCairnError(error), String(error))
    assert.ok(
      ['USAGE', 'UNSUPPORTED_HASH', 'LIMIT', 'NOT_FOUND'].includes(error.code),
      `${error.code}: ${error.message}`,
    )
    return
  }
  assert.unreachable(`Kubo says: ${golden.error}`)
}

async function mustMatch(golden: GoldenCase): Promise<void> {
  const { sink, added, roots } = await run(golden)
  assert.equal(roots.map(String), golden.roots?.map(root => root.cid) ?? [golden.cid])
  const root = roots.at(-1)
  const last = added.at(-1)
  if (root === undefined || last === undefined) throw new Error('nothing was added')
  const all = sink.below(root)
  assert.is(all.size, golden.blocks)
  assert.is(
    [...all.values()].reduce((sum, size) => sum + size, 0),
    golden.uniqueBytes,
  )
  if (golden.roots === undefined) {
    assert.is(last.totalBytes, golden.cumulativeSize)
    const stored = [...all.keys()].filter(key => sink.sizes.has(key)).length
    assert.is(sink.sizes.size, stored, 'blocks were put that are in no DAG')
    checkEntries(golden, added)
  }
  if (root.code !== DAG_PB) return
  const { Data, Links } = sink.node(root)
  assert.is(Links.length, golden.childLinks)
  if (golden.type === 'file') assert.is(Number(UnixFS.unmarshal(Data ?? new Uint8Array()).fileSize()), golden.size)
}

/** The events name every entry; paths of a folder begin with its own name, which the recording leaves out. */
function checkEntries({ entries, entriesSha256, entryCount }: GoldenCase, added: readonly Added[]): void {
  const root = added.at(-1)?.name ?? ''
  const cids = new Map(added.map(event => [root === '' ? event.name : event.name.slice(root.length + 1), event.cid]))
  cids.delete('')
  for (const { path, cid } of entries ?? []) assert.is(String(cids.get(path)), cid, path)
  if (entries !== undefined) assert.is(cids.size, entries.length)
  if (entriesSha256 === undefined) return
  assert.is(cids.size, entryCount)
  const lines = [...cids].map(([path, cid]) => Buffer.from(`${path}\t${cid}\n`)).sort(Buffer.compare)
  assert.is(createHash('sha256').update(Buffer.concat(lines)).digest('hex'), entriesSha256)
}

const cases = goldenCases()

test('the recording is complete', () => {
  assert.is(cases.length, 465)
  assert.is(cases.filter(golden => golden.error !== undefined).length, 26)
})

for (const golden of cases) {
  const fails = golden.error !== undefined && !ONLY_KUBO_FAILS.has(golden.name)
  test(`${golden.name}${fails ? ' is refused' : ''}`, async () => {
    if (fails) await mustFail(golden)
    else if (golden.cid !== undefined) await mustMatch(golden)
    else assert.ok((await run(golden)).roots.length > 0)
  })
}

test.after(() => rmSync(corpus, { recursive: true, force: true }))
test.run()
