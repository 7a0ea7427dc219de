// `cairn pin update`: keeps a new version and lets the old one go, fetching only what has changed.

import { command as define } from '../command.ts'
import { print } from '../print.ts'
import { createProgress } from '../progress.ts'
import { targetOf } from '../target.ts'

export const command = define({
  args: [
    { name: 'FROM', doc: 'What is pinned recursively now' },
    { name: 'TO', doc: 'What is to be pinned in its place' },
  ],
  flags: { unpin: { type: 'boolean', default: 'true', doc: 'Keep the old one too' } },
  examples: ['cairn pin update OLD-CID NEW-CID'],
  run: async context => {
    const { args, flags, globals, io, session, signal } = context
    const node = await session.open()
    const [from, to] = [
      await targetOf(node, args[0] ?? '', { signal }),
      await targetOf(node, args[1] ?? '', { signal }),
    ]
    using progress = createProgress({
      out: io.stderr,
      label: 'pinning',
      enabled: globals.progress ?? io.stderr.isTerminal,
    })
    await node.pins.update(from, to, {
      unpin: flags.unpin !== false,
      onProgress: ({ blocks, bytes, waiting }) =>
        progress.update({
          done: bytes,
          note: waiting === undefined ? `${blocks} blocks` : `${blocks} blocks; ${waiting}`,
        }),
      signal,
    })
    progress.clear()
    print(context, { json: { from, to }, quiet: String(to), text: `updated ${from} to ${to}` })
  },
})
