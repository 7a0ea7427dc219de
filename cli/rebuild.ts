// Rebuilding the database of a repository, with progress and its outcome in words: for `repo rebuild` and `repo check --repair`.

import { isDatabaseBroken } from '../src/store/rebuild/damage.ts'
import { rebuildIndex } from '../src/store/rebuild/rebuild.ts'
import { formatSize } from '../src/units.ts'
import type { CommandContext } from './command.ts'
import { count, print } from './print.ts'
import { createProgress } from './progress.ts'

type Where = Pick<CommandContext, 'io' | 'globals' | 'session' | 'signal'>

/** REPO_LOCKED if anybody has the repository open. */
export async function rebuildRepo(context: Where): Promise<void> {
  const { globals, io, session, signal } = context
  const path = session.repo
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
}

/** A broken index is mended as a whole, and before anything has it open. */
export async function rebuildIfBroken(context: Where & { readonly session: { readonly repo: string } }): Promise<void> {
  if (isDatabaseBroken(context.session.repo)) await rebuildRepo(context)
}
