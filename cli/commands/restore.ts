// `cairn restore`: a repository from a backup; every block is hashed on the way.

import { resolve } from 'node:path'
import { restoreRepo } from '../../src/store/backup/restore.ts'
import { formatSize } from '../../src/units.ts'
import { command as define } from '../command.ts'
import { count, print } from '../print.ts'
import { createProgress } from '../progress.ts'

export const command = define({
  args: [{ name: 'DIR', doc: 'What `cairn backup` wrote' }],
  flags: { salvage: { type: 'boolean', doc: 'Take what is whole of a damaged backup' } },
  examples: ['cairn restore /mnt/disk/cairn-backup', 'cairn restore /mnt/disk/cairn-backup --repo /srv/cairn'],
  details: [
    'The repository must not be there yet. It has the identity of the one that was backed up: do not run both at once.',
  ],
  run: async context => {
    const { args, flags, globals, io, session, signal } = context
    const path = session.repo
    using progress = createProgress({
      out: io.stderr,
      label: 'restoring',
      enabled: globals.progress ?? io.stderr.isTerminal,
    })
    const folder = resolve(args[0] ?? '')
    for await (const event of restoreRepo({ folder, path, salvage: flags.salvage === true, signal })) {
      if (event.type === 'progress') {
        const unit = event.stage === 'packs' ? 'bytes' : event.stage === 'verify' ? 'blocks' : event.stage
        progress.update({ done: event.done, total: event.total, unit })
        continue
      }
      progress.clear()
      const { blocks, bytes, pins, badBlocks, brokenPins } = event
      const lost =
        badBlocks > 0 ? `; ${count(badBlocks, 'block')} lost, ${count(brokenPins, 'pin')} to be fetched again` : ''
      print(context, {
        json: { ...event, path },
        quiet: path,
        text: `restored ${count(blocks, 'block')} (${formatSize(bytes)}) and ${count(pins, 'pin')} to ${path}${lost}`,
      })
    }
  },
})
