// `cairn gc`: removes what nothing keeps; reads and writes go on meanwhile.

import type { GcEvent } from '../../src/api/repo.ts'
import { CairnError } from '../../src/errors.ts'
import { formatDuration, formatSize } from '../../src/units.ts'
import { command as define } from '../command.ts'
import type { Io } from '../io.ts'
import { print } from '../print.ts'
import { holderText } from '../view/holders.ts'

export const command = define({
  args: [],
  flags: {
    'dry-run': { type: 'boolean', doc: 'Only tell what would be removed' },
    silent: { type: 'boolean', doc: 'Print nothing' },
    throttle: {
      type: 'string',
      value: 'PERCENT',
      doc: 'Share of the time that it may hold the write lock and the disk (default: 50, while others write)',
    },
  },
  examples: ['cairn gc', 'cairn gc --dry-run', 'cairn gc --throttle 20'],
  details: [
    'Kept are all pins, complete or not, the MFS root, and what was added within `store.grace` (and since). With --quiet only the CIDs are printed.',
    'A collection that was killed does no harm: the next one begins anew, and what was removed stays removed.',
  ],
  run: async context => {
    const { flags, globals, session, signal } = context
    const pace = readPercent(flags.throttle)
    const node = await session.open({ local: true })
    const isDry = flags['dry-run'] === true
    // Without a reader for them, the CIDs need not be read from the index.
    const list = flags.silent !== true
    for await (const event of node.repo.gc({ dryRun: isDry, list, signal, ...(pace !== undefined && { pace }) })) {
      if (flags.silent === true) continue
      if (event.type === 'removed') {
        const { cid, sizeBytes } = event
        print(context, {
          json: { type: 'removed', dryRun: isDry, cid, size: sizeBytes },
          quiet: cid,
          text: `${isDry ? 'would remove' : 'removed'} ${cid}`,
        })
      } else if (globals.json === true) print(context, { json: { ...event, dryRun: isDry }, text: '' })
      else if (globals.quiet !== true) tell(context.io, event, isDry)
    }
  },
})

/** How far it is and what it moved is for scripts. */
function tell(io: Io, event: Exclude<GcEvent, { type: 'removed' }>, isDry: boolean): void {
  if (event.type === 'held') {
    io.stderr.write(
      `kept for now: ${event.blocks} blocks (${formatSize(event.bytes)}) that nothing keeps, because of\n`,
    )
    for (const holder of event.holders) io.stderr.write(`  ${holderText(holder)}\n`)
  } else if (event.type === 'done') {
    const { removedBlocks, removedBytes, freedBytes, ms, heldBy } = event
    io.stderr.write(
      `${isDry ? 'would remove' : 'removed'} ${removedBlocks} blocks (${formatSize(removedBytes)}), freed ${formatSize(freedBytes)} in ${formatDuration(ms)}\n`,
    )
    for (const { pid } of heldBy)
      io.stderr.write(`process ${pid} is stopped and holds what was put or met since it began: kill -CONT ${pid}\n`)
  }
}

function readPercent(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const percent = Number(text.replace(/%$/, ''))
  if (Number.isInteger(percent) && percent >= 1 && percent <= 100) return percent
  throw new CairnError('USAGE', `--throttle: "${text}" is not a percentage from 1 to 100`, {
    hint: 'as in --throttle 20',
  })
}
