// `cairn repo rebuild`: a new database from the packs, the block files and the daily backup; the old one is kept beside it.

import { existsSync } from 'node:fs'
import { CairnError } from '../../src/errors.ts'
import { repoPaths } from '../../src/store/paths.ts'
import { command as define } from '../command.ts'
import { checkRoots, rebuildRepo } from '../rebuild.ts'

export const command = define({
  args: [],
  flags: {},
  examples: ['cairn repo rebuild'],
  details: [
    'For a database that is damaged or lost. Nobody else may have the repository open: stop the daemon first.',
    'All that can be read of the old database comes back; pins that cannot be read come from the newest daily backup in backups/. The old database is kept in damaged-<time>/: remove it when all is well.',
  ],
  run: async context => {
    const path = context.session.repo
    if (!existsSync(repoPaths(path).packs)) throw new CairnError('NO_REPO', `there is no repository at ${path}`)
    const result = await rebuildRepo(context)
    if (result !== undefined) checkRoots(result, { graceText: context.session.config().config.store.grace })
  },
})
