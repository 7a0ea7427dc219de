// repo/stat, repo/version: what the repository holds, from its counters.

import { bool, type Command, command, value } from './command.ts'
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

export const REPO_COMMANDS: Record<string, Command> = {
  'repo/stat': stat,
  'stats/repo': stat,
  'repo/version': version,
}
