// `npm run demo [-- FOLDER]`: three real processes show the main job, step by step, on this machine alone.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { formatDuration, formatSize } from '../src/units.ts'
import { build } from './build.ts'
import { compareTrees, compareWithGateway, leadsOut, scanTree, type Tree } from './demo/compare.ts'
import { type Daemon, runCairn, startDaemon } from './demo/processes.ts'

const ROOT = join(import.meta.dirname, '..')

async function main(): Promise<void> {
  const folder = resolve(process.argv[2] ?? join(ROOT, 'src'))
  const work = await mkdtemp(join(tmpdir(), 'cairn-demo-'))
  const daemons: Daemon[] = []
  const startedAt = performance.now()
  try {
    await show(folder, work, daemons)
    say(`\nEvery byte came back. ${formatDuration(performance.now() - startedAt)} in all.`)
  } finally {
    for (const daemon of daemons) daemon.kill()
    await rm(work, { recursive: true, force: true })
  }
}

async function show(folder: string, work: string, daemons: Daemon[]): Promise<void> {
  const tree = await step('Look at the folder', 'what has to come back', async () => {
    const found = await scanTree(folder)
    return [
      found,
      `${folder}: ${found.files.length} files, ${found.links.length} symbolic links, ${formatSize(found.bytes)}`,
    ]
  })
  await build()
  const a = await step('Start node A', 'a daemon with a repository of its own, on loopback alone', async () => {
    const daemon = await startDaemon({ repo: join(work, 'a') })
    daemons.push(daemon)
    return [daemon, `pid ${daemon.pid}, peer ${daemon.peerId}`]
  })
  const cid = await step('Add the folder on A', 'a second process writes beside the running daemon', async () => {
    const output = await runCairn(a.repo, ['add', '-Q', '--hidden', folder])
    return [output.trim(), output.trim()]
  })
  const b = await step('Start node B, connected with A', 'another daemon, another repository', async () => {
    const daemon = await startDaemon({ repo: join(work, 'b'), connect: a.swarm })
    daemons.push(daemon)
    return [daemon, `pid ${daemon.pid}, gateway ${daemon.gateway}`]
  })
  await step(
    'Pin the CID on B',
    'B fetches everything from A over libp2p, checks each block, makes it durable',
    async () => {
      await runCairn(b.repo, ['pin', 'add', cid])
      return [undefined, await pinned(b, cid)]
    },
  )
  await step('Kill A with SIGKILL and delete its repository', 'nothing can come from A any more', async () => {
    await a.killed()
    await rm(a.repo, { recursive: true, force: true })
    return [undefined, `pid ${a.pid} is gone`]
  })
  await step("Fetch every file from B's gateway over HTTP", 'a browser would get these bytes', async () => {
    const { files, bytes } = await compareWithGateway({ gateway: b.gateway, cid, folder, tree })
    return [undefined, `${files} files, ${formatSize(bytes)}, all equal to the source`]
  })
  await step('`cairn get` from B into an empty folder', 'names, folders, links and bytes are all there', async () => {
    return [undefined, await getAndCompare(b.repo, cid, { tree, folder, target: join(work, 'out') })]
  })
  await step("Check B's repository", 'every block is hashed again where it lies on the disk', async () => {
    const output = await runCairn(b.repo, ['repo', 'check', '--read-data'])
    return [undefined, output.trim().split('\n').at(-1) ?? '']
  })
}

interface Fetched {
  readonly tree: Tree
  readonly folder: string
  readonly target: string
}

async function getAndCompare(repo: string, cid: string, { tree, folder, target }: Fetched): Promise<string> {
  const outward = tree.links.filter(leadsOut)
  // Left out on purpose, and said so by exit code 3: everything else has to be there.
  await runCairn(repo, ['get', '-o', target, cid], outward.length > 0 ? 3 : 0)
  const expected = { ...tree, links: tree.links.filter(link => !leadsOut(link)) }
  const entries = await compareTrees(expected, await scanTree(target), folder, target)
  const left =
    outward.length > 0 ? `; ${outward.length} links that lead out of the folder are left out, as they should be` : ''
  return `${entries} entries, all equal to the source, none more${left}`
}

let number = 0

/** Runs one step, and says what it shows, how long it took and what came of it. */
async function step<T>(title: string, proves: string, run: () => Promise<readonly [T, string]>): Promise<T> {
  say(`\n${++number}. ${title}\n   ${proves}`)
  const startedAt = performance.now()
  const [result, outcome] = await run()
  say(`   → ${outcome}   (${formatDuration(performance.now() - startedAt)})`)
  return result
}

async function pinned({ repo }: Daemon, cid: string): Promise<string> {
  const output = await runCairn(repo, ['pin', 'ls', '--json'])
  if (!output.includes(cid)) throw new Error(`B does not list ${cid} among its pins:\n${output}`)
  const stat = JSON.parse(await runCairn(repo, ['repo', 'stat', '--json'])) as { blocks: number; blockBytes: number }
  return `pinned: ${stat.blocks} blocks, ${formatSize(stat.blockBytes)} on B`
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)

await main().catch(error => {
  console.error(`\nThe demo failed: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
})
