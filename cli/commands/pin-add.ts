// `cairn pin add`: keeps content here, fetching what is missing; by the daemon if one runs, for it has the peers.

import type { PinProgress } from '../../src/api/pins.ts'
import { parseContentPath } from '../../src/dag/path.ts'
import { type CommandContext, command as define } from '../command.ts'
import { forEach } from '../each.ts'
import { defined, print } from '../print.ts'
import { createProgress } from '../progress.ts'

const flags = {
  recursive: { type: 'boolean', short: 'r', default: 'true', doc: 'Keep only the block itself, not what it links to' },
  name: { type: 'string', short: 'n', value: 'TEXT', doc: 'A name for the pin' },
} as const

export const command = define({
  args: [{ name: 'PATH', doc: 'A CID or /ipfs/CID/path', many: true }],
  flags,
  examples: ['cairn pin add CID', 'cairn pin add --name "photos 2026" CID', 'cairn pin add --timeout 10m CID'],
  details: [
    'It is pinned when everything below it is here, verified and on the disk. What an interrupted run has fetched stays, so that running it again goes on from there.',
  ],
  run: async context => {
    await forEach(context.args, context, async text => {
      const { cid, mode } = await pin(context, text)
      const how = mode === 'recursive' ? 'recursively' : 'directly'
      print(context, {
        json: { cid, type: mode, name: context.flags.name ?? '' },
        quiet: String(cid),
        text: `pinned ${cid} ${how}`,
      })
    })
  },
})

async function pin(context: CommandContext<typeof flags>, text: string) {
  const { flags: given, globals, io, signal, session } = context
  const path = parseContentPath(text)
  const daemon = globals.offline === true ? undefined : await session.daemon()
  using progress = createProgress({
    out: io.stderr,
    label: 'pinning',
    enabled: globals.progress ?? io.stderr.isTerminal,
  })
  const options = {
    mode: given.recursive === false ? ('direct' as const) : ('recursive' as const),
    ...defined({ name: given.name }),
    onProgress: ({ blocks, bytes }: PinProgress) => progress.update({ done: bytes, note: `${blocks} blocks` }),
    signal,
  }
  if (daemon !== undefined && path.segments.length === 0) return daemon.pinAdd(path.root, options)
  const node = await session.open({ create: true })
  const { cid } = path.segments.length === 0 ? { cid: path.root } : await node.content.resolve(path, { signal })
  return daemon === undefined ? node.pins.add(cid, options) : daemon.pinAdd(cid, options)
}
