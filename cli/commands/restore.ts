// `cairn restore`: a repository from a backup; every block is hashed on the way.

import { resolve } from 'node:path'
import { verifyBackup } from '../../src/store/backup/backup.ts'
import { restoreRepo } from '../../src/store/backup/restore.ts'
import { formatSize } from '../../src/units.ts'
import { type CommandContext, command as define } from '../command.ts'
import { count, print } from '../print.ts'
import { createProgress, type Progress } from '../progress.ts'

export const command = define({
  args: [{ name: 'DIR', doc: 'What `cairn backup` wrote' }],
  flags: {
    salvage: { type: 'boolean', doc: 'Take what is whole of a damaged backup' },
    'dry-run': { type: 'boolean', doc: 'Only hash all that is in the backup' },
  },
  examples: [
    'cairn restore --dry-run /mnt/disk/cairn-backup',
    'cairn restore /mnt/disk/cairn-backup',
    'cairn restore /mnt/disk/cairn-backup --repo /srv/cairn',
  ],
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
    if (flags['dry-run'] === true) {
      const verified = await verify(context, folder, progress)
      print(context, {
        json: { type: 'verified', verified, folder },
        text: `${folder} is whole: ${count(verified, 'block')} verified`,
      })
      return
    }
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

/** Resolves with the number of blocks that were hashed. */
async function verify({ signal }: Pick<CommandContext, 'signal'>, folder: string, progress: Progress): Promise<number> {
  const verifying = verifyBackup(folder, { signal })
  for (let step = await verifying.next(); ; step = await verifying.next()) {
    if (step.done === true) {
      progress.clear()
      return step.value
    }
    if (step.value.type === 'progress')
      progress.update({ done: step.value.done, total: step.value.total, unit: 'blocks' })
  }
}
