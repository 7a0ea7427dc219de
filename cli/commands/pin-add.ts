// `cairn pin add`: keeps content here, fetching what is missing; by the daemon if one runs, for it has the peers.

import type { PinProgress } from '../../src/api/pins.ts'
import { parseContentPath } from '../../src/dag/path.ts'
import { type CommandContext, command as define } from '../command.ts'
import { forEach } from '../each.ts'
import { metaOf, PIN_FLAGS } from '../pin-flags.ts'
import { jsonLine, print } from '../print.ts'
import { createProgress } from '../progress.ts'
import { givenPath, isNamePath, targetOf } from '../target.ts'

const flags = {
  recursive: { type: 'boolean', short: 'r', default: 'true', doc: 'Keep only the block itself, not what it links to' },
  ...PIN_FLAGS,
  background: { type: 'boolean', doc: 'Do not wait: put it into the queue, which the daemon works off' },
} as const

export const command = define({
  args: [{ name: 'PATH', doc: 'A CID or /ipfs/CID/path', many: true }],
  flags,
  examples: [
    'cairn pin add CID',
    'cairn pin add --name "photos 2026" --label team=web CID',
    'cairn pin add --expires-in 30d CID',
    'cairn pin add --background CID',
    'cairn pin add --timeout 10m CID',
  ],
  details: [
    'It is pinned when everything below it is here, verified and on the disk. What an interrupted run has fetched stays, so that running it again goes on from there.',
    'What is all here already is pinned at once, without asking anyone. With --background it is queued; see how it goes on with `cairn pin status`. The same pin again takes on the new labels and the new end; without --expires-in it stays.',
  ],
  run: async context => {
    await forEach(context.args, context, async text => {
      if (context.flags.background === true) return queue(context, text)
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

type Context = CommandContext<typeof flags>

const modeOf = ({ flags: { recursive } }: Context) =>
  recursive === false ? ('direct' as const) : ('recursive' as const)

/** Beside a daemon too the row is written here: the daemon sees the commit. */
async function queue(context: Context, text: string): Promise<void> {
  const { flags: given, globals, io, session, signal } = context
  const node = await session.open({ create: true })
  const cid = await targetOf(node, text, { signal })
  const { id, status } = await node.pins.enqueue(cid, { ...metaOf(given), mode: modeOf(context), signal })
  const word = status === 'pinned' ? 'pinned already' : 'queued'
  print(context, { json: { id, cid, status }, quiet: String(cid), text: `${word} ${cid}` })
  if (status === 'pinned' || globals.quiet === true || (await session.daemon()) !== undefined) return
  io.stderr.write('no daemon runs: it is fetched as soon as one does (`cairn daemon`)\n')
}

async function pin(context: Context, text: string) {
  const { flags: given, globals, io, signal, session } = context
  const path = isNamePath(text)
    ? await givenPath(text)(await session.open({ create: true }), { signal })
    : parseContentPath(text)
  const daemon = globals.offline === true ? undefined : await session.daemon()
  using progress = createProgress({
    out: io.stderr,
    label: 'pinning',
    enabled: globals.progress ?? io.stderr.isTerminal,
  })
  let said = ''
  const onProgress = ({ blocks, bytes, waiting = '' }: PinProgress): void => {
    progress.update({ done: bytes, note: waiting === '' ? `${blocks} blocks` : `${blocks} blocks; ${waiting}` })
    // Where no line is redrawn, silence would look like a hang: each new reason is told once.
    const reason = waiting.replace(/; nothing came for .*/, '')
    if (progress.enabled || globals.quiet === true || reason === '' || reason === said) return
    said = reason
    io.stderr.write(
      globals.json === true ? jsonLine({ cid: path.root, waiting }) : `waiting for ${path.root}: ${waiting}\n`,
    )
  }
  const options = { ...metaOf(given), mode: modeOf(context), onProgress, signal }
  if (daemon !== undefined && path.segments.length === 0) return daemon.pinAdd(path.root, options)
  const node = await session.open({ create: true })
  const { cid } = path.segments.length === 0 ? { cid: path.root } : await node.content.resolve(path, { signal })
  return daemon === undefined ? node.pins.add(cid, options) : daemon.pinAdd(cid, options)
}
