// Rebuilding the database of a repository, with progress and its outcome in words: for `repo rebuild` and `repo check --repair`.

import { CID } from 'multiformats/cid'
import { decode } from 'multiformats/hashes/digest'
import { RAW } from '../src/block/cid.ts'
import { CairnError } from '../src/errors.ts'
import { isDatabaseBroken } from '../src/store/rebuild/damage.ts'
import { type RebuildResult, rebuildIndex } from '../src/store/rebuild/rebuild.ts'
import { formatSize } from '../src/units.ts'
import type { CommandContext } from './command.ts'
import { listsOf } from './deny.ts'
import { count, print } from './print.ts'
import { createProgress } from './progress.ts'

type Where = Pick<CommandContext, 'io' | 'globals' | 'session' | 'signal'>

/** REPO_LOCKED if anybody has the repository open. What it returns is undefined if a rebuild that was interrupted has only been ended. */
export async function rebuildRepo(context: Where): Promise<RebuildResult | undefined> {
  let result: RebuildResult | undefined
  const { globals, io, session, signal } = context
  const path = session.repo
  using lists = listsOf(session)
  const isForbidden = (mh: Uint8Array): boolean =>
    lists.denylist.isActive && lists.denylist.check({ cid: CID.createV1(RAW, decode(mh)) }) !== undefined
  using progress = createProgress({
    out: io.stderr,
    label: 'rebuilding',
    enabled: globals.progress ?? io.stderr.isTerminal,
  })
  for await (const event of rebuildIndex({ path, log: session.log, signal, isForbidden })) {
    if (event.type === 'progress') {
      progress.update({ done: event.done, total: event.total, unit: event.stage })
      continue
    }
    progress.clear()
    if (event.type === 'note') {
      print(context, { json: { ...event }, text: `note: ${event.what}` })
      continue
    }
    result = event
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
  return result
}

/** PARTIAL where nothing tells any more what was pinned: the blocks are here, until a collection takes them for garbage. */
export function checkRoots({ oldDatabase, backupMadeAt }: RebuildResult, { graceText }: { graceText: string }): void {
  if (oldDatabase === 'whole' || backupMadeAt !== undefined) return
  const how = oldDatabase === 'lost' ? 'no pin could be recovered' : 'some pins may be missing'
  throw new CairnError('PARTIAL', `${how}: neither the old database nor a daily backup has them`, {
    hint: `pin again what matters before a collection takes it: what was found is safe for ${graceText} (store.grace)`,
  })
}

/** A broken index is mended as a whole, and before anything has it open. */
export async function rebuildIfBroken(context: Where): Promise<RebuildResult | undefined> {
  return isDatabaseBroken(context.session.repo) ? rebuildRepo(context) : undefined
}
