// `cairn gc`: removes what nothing keeps; reads and writes go on meanwhile.

import type { RepoWriter } from '../../src/api/repo.ts'
import { formatDuration, formatSize } from '../../src/units.ts'
import { command as define } from '../command.ts'
import { print } from '../print.ts'

export const command = define({
  args: [],
  flags: {
    'dry-run': { type: 'boolean', doc: 'Only tell what would be removed' },
    silent: { type: 'boolean', doc: 'Print nothing' },
  },
  examples: ['cairn gc', 'cairn gc --dry-run'],
  details: [
    'Kept are all pins, complete or not, the MFS root, and what was added or fetched within `store.grace`. With --quiet only the CIDs are printed.',
  ],
  run: async context => {
    const { flags, globals, io, session, signal } = context
    const node = await session.open({ local: true })
    const isDry = flags['dry-run'] === true
    // Without a reader for them, the CIDs need not be read from the index.
    const list = flags.silent !== true
    for await (const event of node.repo.gc({ dryRun: isDry, list, signal })) {
      if (flags.silent === true) continue
      if (event.type === 'removed') {
        const { cid, sizeBytes } = event
        print(context, {
          json: { type: 'removed', cid, size: sizeBytes },
          quiet: String(cid),
          text: `${isDry ? 'would remove' : 'removed'} ${cid}`,
        })
      } else if (event.type === 'done') {
        const { removedBlocks, removedBytes, freedBytes, ms, heldBy } = event
        const text = `${isDry ? 'would remove' : 'removed'} ${removedBlocks} blocks (${formatSize(removedBytes)}), freed ${formatSize(freedBytes)} in ${formatDuration(ms)}`
        if (globals.json === true)
          print(context, {
            json: { type: 'done', dryRun: isDry, removedBlocks, removedBytes, freedBytes, ms, heldBy },
            text,
          })
        else if (globals.quiet !== true) io.stderr.write(`${[text, ...heldBy.map(holderText)].join('\n')}\n`)
      }
    }
  },
})

const holderText = ({ pid }: RepoWriter): string =>
  `process ${pid} is stopped and holds what was put or met since it began: kill -CONT ${pid}`
