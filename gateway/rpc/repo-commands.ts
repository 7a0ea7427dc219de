// repo/stat, repo/version, repo/gc: what the repository holds, from its counters, and what it can do without.

import type { CairnNode } from '../../src/api/node.ts'
import { bool, type Command, command, value, values } from './command.ts'
import { KUBO_REPO } from './compat.ts'

const stat = command({
  options: { 'size-only': bool(false), human: bool(false, 'H') },
  run: ({ node, options }) => {
    const { path, blocks, diskBytes, maxBytes } = node.repo.stat()
    const sizeOnly = options['size-only']
    return value({
      RepoSize: diskBytes,
      StorageMax: maxBytes,
      NumObjects: sizeOnly ? 0 : blocks,
      RepoPath: sizeOnly ? '' : path,
      Version: sizeOnly ? '' : `fs-repo@${KUBO_REPO}`,
    })
  },
})

const version = command({ options: { quiet: bool(false, 'q') }, run: () => value({ Version: KUBO_REPO }) })

const gc = command({
  options: { 'stream-errors': bool(false), quiet: bool(false, 'q'), silent: bool(false) },
  run: ({ node, options, signal }) => values(removed(node, options.silent, signal)),
})

/** A link object, not a string: cluster and Go clients fail on the other form. */
async function* removed(node: CairnNode, silent: boolean, signal: AbortSignal): AsyncGenerator<unknown> {
  for await (const event of node.repo.gc({ list: !silent, signal })) {
    if (event.type === 'removed') yield { Key: { '/': event.cid } }
  }
}

export const REPO_COMMANDS: Record<string, Command> = {
  'repo/stat': stat,
  'stats/repo': stat,
  'repo/version': version,
  'repo/gc': gc,
}
