// `cairn get`: a file or a whole folder to disk, never outside of its target and never over anything.

import { cumulativeBytes } from '../../gateway/rpc/dag-size.ts'
import type { ContentPath, Resolved } from '../../src/api/content.ts'
import type { CairnNode } from '../../src/api/node.ts'
import type { Wait } from '../../src/block/source.ts'
import { extractTree } from '../../src/dag/export/extract.ts'
import { checkName, escapeName } from '../../src/dag/names.ts'
import { CairnError } from '../../src/errors.ts'
import { formatSize } from '../../src/units.ts'
import { command as define } from '../command.ts'
import { writeOut } from '../output.ts'
import { count, print } from '../print.ts'
import { createProgress } from '../progress.ts'
import { givenPath, noFile } from '../target.ts'

export const command = define({
  args: [{ name: 'PATH', doc: 'A CID or /ipfs/CID/path' }],
  flags: {
    output: {
      type: 'string',
      short: 'o',
      value: 'TARGET',
      doc: 'What it becomes (default its name, else its CID); - for stdout',
    },
  },
  examples: ['cairn get CID -o photos', 'cairn get CID/report.pdf', 'cairn get CID/report.pdf -o - | lpr'],
  details: [
    'The target must not exist, unless as an empty folder. Names and symlinks that would lead out of it are skipped and listed, with exit code 3.',
  ],
  run: async context => {
    const { args, flags, globals, io, session, signal } = context
    const given = givenPath(args[0] ?? '')
    const node = await session.open()
    const path = await given(node, { signal })
    const entry = await node.content.resolve(path, { signal })
    if (entry.kind === 'other') throw noFile(entry.cid)
    if (flags.output === '-') return toStdout(node, path, entry, { io, signal })
    const target = flags.output ?? nameOf(path)
    const isShown = globals.progress ?? io.stderr.isTerminal
    using progress = createProgress({ out: io.stderr, label: 'getting', enabled: isShown })
    const totalBytes = isShown ? await sizeOf(node, path, entry, { signal }) : 0
    const done = await extractTree({
      content: node.content,
      cid: entry.cid,
      root: path.root,
      target,
      onProgress: ({ bytes, entries }) =>
        progress.update({ done: bytes, total: totalBytes, note: `${entries} entries` }),
      signal,
    })
    progress.clear()
    const [first] = done.skipped
    if (first !== undefined && entry.kind !== 'directory')
      throw new CairnError('UNSAFE_NAME', first.reason, { hint: 'fetch the folder that it lies in' })
    for (const { path: name, reason } of done.skipped)
      io.stderr.write(`${io.stderr.style('yellow', 'skipped:')} ${name}: ${escapeName(reason)}\n`)
    const { files, directories, symlinks, bytes, skippedCount } = done
    const counts = [count(files, 'file'), count(directories, 'folder'), count(symlinks, 'symlink'), formatSize(bytes)]
    print(context, {
      json: { cid: entry.cid, ...done },
      quiet: done.target,
      text: `saved ${target}: ${counts.join(', ')}`,
    })
    if (skippedCount > 0) throw new CairnError('PARTIAL', `${count(skippedCount, 'entry', 'entries')} skipped`)
  },
})

/** What a path calls it may come from a stranger's link, and must not lead out of the folder that we are in. */
function nameOf({ root, segments }: ContentPath): string {
  const name = segments.at(-1)
  if (name === undefined) return String(root)
  checkName(name)
  return name
}

async function toStdout(
  node: CairnNode,
  path: ContentPath,
  entry: Resolved,
  { io, signal }: Wait & { io: Parameters<typeof writeOut>[1]['io'] },
): Promise<void> {
  if (entry.kind === 'directory')
    throw new CairnError('IS_DIRECTORY', 'a folder cannot go to stdout', {
      hint: 'use `cairn dag export`, or give a target with -o',
    })
  const content = node.content.read(entry.cid, { root: path.root, reuse: true, signal })
  await writeOut(content, { target: '-', io })
}

/** For the percentage alone: exact for files, for folders what their links say. */
async function sizeOf(node: CairnNode, path: ContentPath, entry: Resolved, wait: Wait): Promise<number> {
  return entry.kind === 'directory' ? cumulativeBytes(node.content.blocks(path.root), entry.cid, wait) : entry.sizeBytes
}
