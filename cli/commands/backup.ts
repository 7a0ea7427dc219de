// `cairn backup`: a copy of the repository into a folder, beside whoever uses it; the next one copies only what is new.

import { resolve } from 'node:path'
import { backUpRepo } from '../../src/store/backup/backup.ts'
import { formatSize } from '../../src/units.ts'
import { command as define } from '../command.ts'
import { count, print } from '../print.ts'
import { createProgress } from '../progress.ts'

export const command = define({
  args: [{ name: 'DIR', doc: 'A new or empty folder, or one with an earlier backup of this repository' }],
  flags: { verify: { type: 'boolean', doc: 'Read and hash every block of the copy' } },
  examples: ['cairn backup /mnt/disk/cairn-backup', 'cairn backup --verify /mnt/disk/cairn-backup'],
  details: [
    'Safe beside a daemon and writers. What was stored when it began is in it, but for the cache; when it ends, it is on the disk. Killed or out of room, it leaves the backup before it whole: run it again.',
    'The copy holds the key of this node: keep it as safe as the repository.',
  ],
  run: async context => {
    const { args, flags, globals, io, session, signal } = context
    const node = await session.open({ local: true })
    const folder = resolve(args[0] ?? '')
    using progress = createProgress({
      out: io.stderr,
      label: 'copying',
      enabled: globals.progress ?? io.stderr.isTerminal,
    })
    for await (const event of backUpRepo({ store: node.store, folder, verify: flags.verify === true, signal })) {
      if (event.type === 'progress') {
        const unit = event.stage === 'packs' ? 'bytes' : event.stage
        progress.update({ done: event.done, total: event.total, unit })
        continue
      }
      progress.clear()
      const { blocks, copiedBytes, skippedBytes, indexBytes, verified } = event
      const checked = flags.verify === true ? `, ${count(verified, 'block')} verified` : ''
      print(context, {
        json: { ...event, folder },
        quiet: folder,
        text: `backed up ${count(blocks, 'block')} to ${folder}: ${formatSize(copiedBytes + indexBytes)} written, ${formatSize(skippedBytes)} were there${checked}`,
      })
    }
  },
})
