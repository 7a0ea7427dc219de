// The repository that the cases damage copies of: every kind of place, everything pinned, and what is true of its content.

import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import { RAW } from '../../src/block/cid.ts'
import { sha256 } from '../../src/block/hash.ts'
import { configSchema } from '../../src/config/schema.ts'
import { type LocalNode, openNode } from '../../src/node/open.ts'
import type { FetchBlock } from '../../src/node/sources.ts'
import { SILENT } from '../../src/observe/log.ts'
import { repoPaths } from '../../src/store/paths.ts'
import { initRepo } from '../../src/store/repo.ts'
import { WAIT } from '../store/support.ts'
import { temporaryFolder } from '../support/cairn.ts'
import { randomBytes } from '../support/files.ts'

export interface StoredRow {
  readonly mh: Uint8Array
  readonly size: number
  readonly pack: number
  readonly at: number
}

export interface Site {
  readonly repo: string
  /** The same as a kill would leave it: the database's last commits are in its WAL. */
  readonly unflushed: string
  readonly root: CID
  /** Names below the root, and their bytes. */
  readonly files: ReadonlyMap<string, Uint8Array>
  /** A raw block that lies in a file of its own. */
  readonly single: CID
  readonly rows: readonly StoredRow[]
}

const CONFIG = configSchema.parse({ mode: 'offline' })

export const openCopy = (repo: string, fetchBlock?: FetchBlock): Promise<LocalNode> =>
  openNode({ repo, config: CONFIG, log: SILENT, role: 'command', network: 'never', ...(fetchBlock && { fetchBlock }) })

/** What the listing shows of its folder. */
export const README = 'README.md'

/** All in a pack: three of a single block each, one of them text, and one of several. */
function makeFiles(): Map<string, Uint8Array> {
  const next = randomBytes(7)
  const sizes = { one: 70_000, two: 70_000, many: 2_500_000 }
  const readme = `# Site\n\n${Buffer.from(next(600)).toString('base64')}\n`
  const files = Object.entries(sizes).map(([name, size]): [string, Uint8Array] => [name, next(size)])
  return new Map([[README, Buffer.from(readme)], ...files])
}

export async function makeSite(): Promise<Site> {
  const work = temporaryFolder('site')
  const [repo, unflushed] = [join(work, 'repo'), join(work, 'unflushed')]
  const files = makeFiles()
  mkdirSync(join(work, 'folder'))
  for (const [name, bytes] of files) writeFileSync(join(work, 'folder', name), bytes)
  const bytes = randomBytes(8)(200_000)
  const single = CID.createV1(RAW, sha256(bytes))
  await initRepo(repo)
  const node = await openCopy(repo)
  // Alone in its group, and before this process has a pack: a file.
  await node.putBlocks([{ cid: single, bytes }], WAIT)
  await node.pins.add(single, { ...WAIT, mode: 'direct' })
  let root: CID = single
  for await (const event of node.add([{ kind: 'path', path: join(work, 'folder') }], WAIT))
    if (event.type === 'done') root = event.roots[0] ?? root
  const rows = node.store.database.all<StoredRow>('SELECT mh, size, pack, at FROM blocks ORDER BY pack, at')
  // A check keeps the daily backup.
  for await (const _ of node.repo.check(WAIT));
  // By another process: closing the files in this one would drop its locks (spec: store §2.1).
  execFileSync('cp', ['-r', repo, unflushed])
  await node[Symbol.asyncDispose]()
  for (const path of [repo, unflushed]) rmSync(repoPaths(path).reserve, { force: true })
  return { repo, unflushed, root, files, single, rows }
}

export function copyOf(repo: string): string {
  const copy = join(temporaryFolder('case'), 'repo')
  cpSync(repo, copy, { recursive: true })
  return copy
}
