// `cairn ls`: what folders hold, as `ipfs ls` prints it.

import type { CID } from 'multiformats/cid'
import { mapAhead } from '../../gateway/rpc/streams.ts'
import type { ContentPath, DirectoryEntry, Entry } from '../../src/api/content.ts'
import type { CairnNode } from '../../src/api/node.ts'
import { RAW } from '../../src/block/cid.ts'
import type { Wait } from '../../src/block/source.ts'
import { isCairnError } from '../../src/errors.ts'
import { command as define } from '../command.ts'
import { print } from '../print.ts'
import { givenPath } from '../target.ts'
import { type ListRow, listLines } from '../view/list.ts'

/** Entries whose type is looked up at the same time. */
const AHEAD = 32
/** Rows that are aligned with each other: a folder of millions must not wait for its end. */
const PAGE = 1000

export const command = define({
  args: [{ name: 'PATH', doc: 'A CID or /ipfs/CID/path', many: true }],
  flags: {
    headers: { type: 'boolean', short: 'v', doc: 'Print what each column is' },
    'resolve-type': { type: 'boolean', default: 'true', doc: 'Do not look up types' },
    size: { type: 'boolean', default: 'true', doc: 'Do not look up sizes' },
    long: { type: 'boolean', short: 'l', doc: 'Print mode and modification time too' },
    stream: { type: 'boolean', short: 's', doc: 'Print each entry as soon as it is known' },
  },
  examples: ['cairn ls CID', 'cairn ls --long CID/photos', 'cairn ls --json CID | jq -r .name'],
  run: async context => {
    const { args, flags, io, signal, session, globals } = context
    const node = await session.open()
    const paths = args.map(text => ({ text, given: givenPath(text) }))
    const view = {
      size: flags.size !== false,
      type: flags['resolve-type'] !== false,
      long: flags.long === true,
    }
    for (const [index, { text, given }] of paths.entries()) {
      const path = await given(node, { signal })
      const plain = globals.json !== true && globals.quiet !== true
      if (plain && paths.length > 1) io.stdout.write(`${index > 0 ? '\n' : ''}${text}:\n`)
      let hasHeader = plain && flags.headers === true
      let page: ListRow[] = []
      for await (const row of listRows(node, path, { ...view, signal })) {
        if (!plain) print(context, { json: { path: text, ...row }, quiet: String(row.cid), text: '' })
        else page.push(row)
        if (page.length >= (flags.stream === true ? 1 : PAGE)) {
          io.stdout.write(listLines(page, view, hasHeader))
          hasHeader = false
          page = []
        }
      }
      io.stdout.write(listLines(page, view, hasHeader))
    }
  },
})

async function* listRows(
  node: CairnNode,
  path: ContentPath,
  { size, type, long, signal }: Wait & { size: boolean; type: boolean; long: boolean },
): AsyncGenerator<ListRow> {
  const target = await node.content.resolve(path, { signal })
  if (target.kind !== 'directory') {
    yield toRow({ name: path.segments.at(-1) ?? '', cid: target.cid, totalBytes: target.sizeBytes }, target)
    return
  }
  const wait = { root: path.root, signal }
  const isWanted = size || type || long
  yield* mapAhead(node.content.list(target.cid, wait), AHEAD, async entry =>
    toRow(entry, isWanted ? await lookUp(node, entry.cid, wait) : undefined),
  )
}

/** What is behind an entry; undefined for what is not here and cannot be had: its name is still known. */
async function lookUp(node: CairnNode, cid: CID, wait: Wait & { root: CID }): Promise<Entry | undefined> {
  // A raw leaf is a file, and its link already tells the size.
  if (cid.code === RAW) return undefined
  try {
    return await node.content.stat(cid, wait)
  } catch (error) {
    if (isCairnError(error) && error.code !== 'CANCELLED') return undefined
    throw error
  }
}

function toRow({ name, cid, totalBytes }: DirectoryEntry, entry: Entry | undefined): ListRow {
  const kind = cid.code === RAW ? 'file' : (entry?.kind ?? 'unknown')
  const size = cid.code === RAW ? totalBytes : kind === 'directory' ? undefined : entry?.sizeBytes
  return { name, cid, kind, size, mode: entry?.mode, mtime: entry?.mtime, target: entry?.target }
}
