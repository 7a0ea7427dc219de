// `cairn repo rebuild`: a new database from the packs, the block files and the daily backup; the old one is kept beside it.

import { existsSync } from 'node:fs'
import { CairnError } from '../../src/errors.ts'
import { repoPaths } from '../../src/store/paths.ts'
import { rebuildIndex } from '../../src/store/rebuild/rebuild.ts'
import { formatSize } from '../../src/units.ts'
import { command as define } from '../command.ts'
import { count, print } from '../print.ts'
import { createProgress } from '../progress.ts'

export const command = define({
  args: [],
  flags: {},
  examples: ['cairn repo rebuild'],
  details: [
    'For a database that is damaged or lost. Nobody else may have the repository open: stop the daemon first.',
    'All that can be read of the old database comes back; pins that cannot be read come from the newest daily backup in backups/. The old database is kept in damaged-<time>/: remove it when all is well.',
  ],
  run: async context => {
    const { globals, io, session, signal } = context
    const path = session.repo
    if (!existsSync(repoPaths(path).packs)) throw new CairnError('NO_REPO', `there is no repository at ${path}`)
    using progress = createProgress({
      out: io.stderr,
      label: 'rebuilding',
      enabled: globals.progress ?? io.stderr.isTerminal,
    })
    for await (const event of rebuildIndex({ path, log: session.log, signal })) {
      if (event.type === 'progress') {
        progress.update({ done: event.done, total: event.total, unit: event.stage })
        continue
      }
      progress.clear()
      if (event.type === 'note') {
        print(context, { json: { ...event }, text: `note: ${event.what}` })
        continue
      }
      const lost = event.garbledBytes > 0 ? `, ${formatSize(event.garbledBytes)} of packs cannot be read` : ''
      const from = event.backupMadeAt === undefined ? '' : `; pins as they were at ${event.backupMadeAt}`
      print(context, {
        json: { ...event },
        text: [
          `rebuilt: ${count(event.blocks, 'block')} (${event.packRecords} in packs, ${event.fileBlocks} in files, ${event.inlineBlocks} inner nodes and small ones)${lost}`,
          `${count(event.pins, 'pin')}${from}${event.brokenPins > 0 ? `; ${event.brokenPins} not complete, queued again` : ''}`,
          ...(event.keptIn === undefined ? [] : [`the old database is kept in ${event.keptIn}`]),
        ].join('\n'),
      })
    }
  },
})
