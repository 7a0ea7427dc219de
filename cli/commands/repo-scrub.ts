// `cairn repo scrub`: the full hash of every block again, now; what is damaged is put aside and fetched again.

import type { ScrubEvent } from '../../src/api/repo.ts'
import { CairnError } from '../../src/errors.ts'
import { formatSize } from '../../src/units.ts'
import { type CommandContext, command as define } from '../command.ts'
import { count, print } from '../print.ts'
import { createProgress } from '../progress.ts'

const flags = {
  rate: { type: 'size', value: 'SIZE', doc: 'Bytes a second to read at most (default: as fast as it goes)' },
  anew: { type: 'boolean', doc: 'Begin at the beginning, whatever an unfinished scrub has seen' },
} as const

type Context = CommandContext<typeof flags>

export const command = define({
  args: [],
  flags,
  examples: ['cairn repo scrub', 'cairn repo scrub --rate 20MiB'],
  details: [
    'The daemon does this by itself every `scrub.interval`, slowly; `cairn repo stat` shows how far it is. A scrub that was stopped goes on where it was, whoever began it. If something stays damaged the exit code is 6.',
  ],
  run: async context => {
    const { flags: given, globals, io, session, signal } = context
    const node = await session.open()
    using progress = createProgress({
      out: io.stderr,
      label: 'scrubbing',
      enabled: globals.progress ?? io.stderr.isTerminal,
    })
    for await (const event of node.repo.scrub({ rateBytes: given.rate ?? 0, anew: given.anew === true, signal })) {
      if (event.type === 'progress') {
        progress.update({ done: event.blocks, total: event.totalBlocks, unit: 'blocks', note: formatSize(event.bytes) })
        continue
      }
      progress.clear()
      if (event.type === 'done') finish(context, event)
      else {
        const { cid, what, repaired, how } = event
        const text = `${what}\n  ${repaired ? 'mended' : 'not mended'}: ${how}`
        print(context, { json: { type: 'bad', cid, what, repaired, how }, quiet: repaired ? '' : String(cid), text })
      }
    }
  },
})

function finish(context: Context, { type, blocks, bytes, bad, repaired, left }: ScrubEvent & { type: 'done' }): void {
  const found = bad === 0 ? 'all good' : `${count(bad, 'block')} damaged`
  print(context, {
    json: { type, blocks, bytes, bad, repaired, left },
    text: `${count(blocks, 'block')} (${formatSize(bytes)}) hashed: ${found}${repaired > 0 ? `, ${repaired} mended` : ''}`,
  })
  if (left > 0)
    throw new CairnError('CORRUPT_BLOCK', `${count(left, 'damaged block')} could not be had from anybody`, {
      hint: '`cairn repo check --repair` names the pins that this hurts',
    })
}
