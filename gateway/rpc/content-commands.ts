// cat: the bytes of files; and the table of content commands.

import type { ContentApi, Entry } from '../../src/api/content.ts'
import { CairnError } from '../../src/errors.ts'
import { add } from './add.ts'
import { bool, type Command, command, int64 } from './command.ts'
import { failure } from './errors.ts'
import { getCommand } from './get.ts'
import { ls } from './ls.ts'
import { resolveArgument } from './paths.ts'

type Found = Awaited<ReturnType<typeof resolveArgument>>

interface Slice {
  readonly file: Found
  readonly offset: number
  readonly length: number
}

const cat = command({
  args: [{ name: 'ipfs-path', many: true }],
  options: { offset: int64(0, 'o'), length: int64(undefined, 'l'), progress: bool(true, 'p') },
  run: async ({ content, args, options, signal }) => {
    const { offset, length = Number.MAX_SAFE_INTEGER } = options
    if (offset < 0) throw failure('cannot specify negative offset')
    if (length < 0) throw failure('cannot specify negative length')
    const files: Found[] = []
    for (const arg of args) files.push(requireFile(await resolveArgument(content, arg, { signal })))
    const slices = slicesOf(files, offset, length)
    return {
      kind: 'bytes',
      type: 'text/plain',
      length: slices.reduce((sum, slice) => sum + slice.length, 0),
      content: readSlices(content, slices, signal),
    }
  },
})

function requireFile<T extends Entry>(entry: T): T {
  if (entry.kind === 'directory') throw new CairnError('IS_DIRECTORY', `${entry.cid} is a directory`)
  if (entry.kind === 'other') throw new CairnError('NOT_A_FILE', `${entry.cid} is not a file`)
  return entry
}

/** Offset and length count over all files as if they were one. */
function slicesOf(files: readonly Found[], offset: number, length: number): Slice[] {
  const slices: Slice[] = []
  let [skip, left] = [offset, length]
  for (const file of files) {
    const from = Math.min(skip, file.sizeBytes)
    const taken = Math.min(left, file.sizeBytes - from)
    if (taken > 0) slices.push({ file, offset: from, length: taken })
    skip -= from
    left -= taken
  }
  return slices
}

async function* readSlices(content: ContentApi, slices: readonly Slice[], signal: AbortSignal) {
  for (const { file, offset, length } of slices) {
    if (file.kind === 'symlink') yield Buffer.from(file.target ?? '').subarray(offset, offset + length)
    else yield* content.read(file.cid, { root: file.root, offset, length, signal, reuse: true })
  }
}

export const CONTENT_COMMANDS: Record<string, Command> = { add, cat, get: getCommand, ls }
