// How the cost of each operation grows with the repository: 10,000, 100,000 and 1,000,000 blocks (GROWTH=10000,… for others).

import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import { decode } from 'multiformats/hashes/digest'
import type { SourceEntry } from '../src/api/add.ts'
import { RAW } from '../src/block/cid.ts'
import { loadConfig } from '../src/config/load.ts'
import { type LocalNode, openNode } from '../src/node/open.ts'
import { SILENT } from '../src/observe/log.ts'
import { initRepo } from '../src/store/repo.ts'
import { randomBytes, smallTree } from './lib/corpus.ts'
import { cairn, findKubo, kubo, kuboInit, workFolder } from './lib/programs.ts'

const SIZES = (process.env.GROWTH ?? '10000,100000,1000000').split(',').map(Number)
const PROBES = 5_000
const PROFILE = 'unixfs-v1-2025'
const signal = new AbortController().signal
const folder = workFolder()
const next = randomBytes(7)

type Row = Record<string, number>

const open = (repo: string): Promise<LocalNode> => {
  const { config } = loadConfig({ repo, env: { CAIRN_STORE_GRACE: '0s', CAIRN_MODE: 'offline' } })
  return openNode({ repo, config, log: SILENT, role: 'command', network: 'never' })
}

/** Folders of a hundred files of 1–100 bytes, as one stream. */
async function* tree(name: string, files: number): AsyncGenerator<SourceEntry> {
  for (let i = 0; i < files; i++) {
    const bytes = next(1 + (i % 100) + 8)
    const path = [name, `d${String(Math.floor(i / 100)).padStart(5, '0')}`, `f${String(i % 100).padStart(2, '0')}`]
    yield {
      path,
      kind: 'file',
      content: (async function* () {
        yield bytes
      })(),
    }
  }
}

async function addTree(node: LocalNode, name: string, files: number, pin: boolean): Promise<void> {
  const events = node.add([{ kind: 'entries', entries: tree(name, files) }], { profile: PROFILE, pin, signal })
  for await (const _ of events);
}

async function timed(work: () => unknown): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

async function first(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items) return
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] as number

async function medianOf(times: number, work: () => unknown): Promise<number> {
  const values: number[] = []
  for (let i = 0; i < times; i++) values.push(await timed(work))
  return median(values)
}

/** From one size to the next, then every operation once it is there. */
async function grow(repo: string, target: number, round: number): Promise<Row> {
  const row: Row = { blocks: target }
  {
    await using node = await open(repo)
    const { blocks } = node.repo.stat()
    const files = Math.floor((target - blocks) / 1.011)
    const ms = await timed(() => addTree(node, `t${round}`, files, true))
    row.addUs = (ms / files) * 1000
    await pinSome(node, target / 100)
  }
  row.openMs = await medianOf(5, async () => {
    await using _ = await open(repo)
  })
  await using node = await open(repo)
  await measureReads(node, row)
  row.statMs = await medianOf(5, () => node.repo.stat())
  row.addOneMs = await medianOf(9, () => addTree(node, 'one', 1, true))
  await measureCollection(node, target, row)
  measureRoom(repo, node, row)
  return row
}

/** Direct pins of blocks that are here, each a transaction of its own. */
async function pinSome(node: LocalNode, count: number): Promise<void> {
  for (const { cid } of sample(node, count)) await node.pins.add(cid, { mode: 'direct', name: 'some', signal })
}

function sample(node: LocalNode, count: number) {
  const { blocks } = node.repo.stat()
  const rows: Uint8Array[] = []
  // From places all over the key space, in runs of ten.
  for (let i = 0; rows.length < Math.min(count, blocks / 4); i++) {
    const key = Buffer.concat([Buffer.from([0x12, 0x20]), randomBytes(i + 1)(32)])
    const page = node.store.database.all<{ mh: Uint8Array }>(
      'SELECT mh FROM blocks WHERE mh > ? ORDER BY mh LIMIT 10',
      key,
    )
    rows.push(...page.map(({ mh }) => mh))
  }
  return rows.map(mh => ({ cid: CID.createV1(RAW, decode(mh)) }))
}

async function measureReads(node: LocalNode, row: Row): Promise<void> {
  const cids = sample(node, PROBES).map(({ cid }) => cid)
  const local = node.content.local
  row.hasUs =
    ((await timed(async () => {
      for (const cid of cids) await local.has(cid)
    })) /
      cids.length) *
    1000
  row.getUs =
    ((await timed(async () => {
      for (const cid of cids) await local.get(cid, { signal })
    })) /
      cids.length) *
    1000
  row.pinFirstMs = await medianOf(9, () => first(node.pins.ls({ signal })))
  const last = cids.at(-1)
  if (last !== undefined) row.pinByCidMs = await medianOf(9, () => first(node.pins.ls({ cid: last, signal })))
}

/** A tenth more comes, kept by nothing, and goes again. */
async function measureCollection(node: LocalNode, target: number, row: Row): Promise<void> {
  await addTree(node, 'garbage', Math.floor(target / 10), false)
  const startedAt = performance.now()
  for await (const event of node.repo.gc({ signal })) {
    if (event.type === 'marked') row.markMs = performance.now() - startedAt
    if (event.type !== 'done') continue
    row.collectMs = performance.now() - startedAt
    row.removed = event.removedBlocks
    row.collectUs = (row.collectMs * 1000) / event.removedBlocks
  }
}

function measureRoom(repo: string, node: LocalNode, row: Row): void {
  const { blocks, blockBytes } = node.repo.stat()
  const heldBytes = Number(execFileSync('du', ['-s', '--block-size=1', repo], { encoding: 'utf8' }).split('\t')[0])
  row.overheadBytes = (heldBytes - blockBytes) / blocks
  row.inodes = readdirSync(repo, { recursive: true }).length
  row.inodesPerBlock = row.inodes / blocks
}

/** Kubo's cost per block: 10,000 kept, 90,000 dead. */
function kuboCollection(): number | undefined {
  const program = findKubo()
  if (program === undefined) return undefined
  const repo = join(folder, 'kubo')
  kuboInit(program, repo, PROFILE)
  kubo(program, repo, 'add', '-r', '-Q', smallTree(folder, 10_000, true))
  kubo(program, repo, 'add', '-r', '-Q', '--pin=false', smallTree(folder, 90_000, true))
  const startedAt = performance.now()
  const removed = kubo(program, repo, 'repo', 'gc', '-q').split('\n').length
  return ((performance.now() - startedAt) * 1000) / removed
}

const repo = join(folder, 'repo')
await initRepo(repo)
const rows: Row[] = []
for (const [round, size] of SIZES.entries()) rows.push(await grow(repo, size, round))
const wholeCommandMs = await medianOf(5, () => cairn(repo, 'repo', 'stat'))
const kuboUs = kuboCollection()

const UNITS: readonly (readonly [key: string, title: string, digits: number])[] = [
  ['addUs', 'add, bulk: µs a file', 1],
  ['addOneMs', 'add, one file: ms', 2],
  ['hasUs', '`has`: µs', 1],
  ['getUs', '`get`: µs', 1],
  ['pinFirstMs', '`pin ls`, first row: ms', 2],
  ['pinByCidMs', '`pin ls CID`: ms', 2],
  ['statMs', '`repo stat`: ms', 2],
  ['openMs', 'open: ms', 1],
  ['markMs', 'collection, mark: ms', 0],
  ['collectMs', 'collection of a tenth: ms', 0],
  ['collectUs', 'the same: µs a removed block', 1],
  ['overheadBytes', 'bytes held beyond the blocks, each', 0],
  ['inodes', 'inodes', 0],
  ['inodesPerBlock', 'inodes a block', 5],
]
console.log(`\n| ${['', ...SIZES.map(size => size.toLocaleString('en'))].join(' | ')} |`)
console.log(`|${'---|'.repeat(SIZES.length + 1)}`)
for (const [key, title, digits] of UNITS)
  console.log(`| ${[title, ...rows.map(row => (row[key] ?? Number.NaN).toFixed(digits))].join(' | ')} |`)
console.log(
  `\n\`cairn repo stat\` as a whole command at ${SIZES.at(-1)?.toLocaleString('en')} blocks: ${wholeCommandMs.toFixed(0)} ms`,
)
const lastUs = rows.at(-1)?.collectUs ?? Number.NaN
if (kuboUs !== undefined)
  console.log(`Kubo collects at ${kuboUs.toFixed(1)} µs a removed block: ${(kuboUs / lastUs).toFixed(1)} × ours`)
mkdirSync(join(import.meta.dirname, 'results'), { recursive: true })
writeFileSync(
  join(import.meta.dirname, 'results/growth.json'),
  `${JSON.stringify({ name: 'growth', rows, wholeCommandMs, kuboUs }, null, 2)}\n`,
)
