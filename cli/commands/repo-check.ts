// `cairn repo check`: whether rows, packs, files and counters agree, with --read-data whether every byte is right; --repair mends.

import type { CheckEvent, CheckFinding, ReadSubset } from '../../src/api/repo.ts'
import { CairnError } from '../../src/errors.ts'
import { parseSubset } from '../../src/store/check/subset.ts'
import { formatSize } from '../../src/units.ts'
import { type CommandContext, command as define } from '../command.ts'
import { count, print } from '../print.ts'
import { createProgress } from '../progress.ts'

const flags = {
  'read-data': { type: 'boolean', doc: 'Read and hash every block: the full proof' },
  'read-data-subset': {
    type: 'string',
    value: 'PART',
    doc: 'Read and hash a random share (5%), the third of twenty parts (3/20), or so much (500M)',
  },
  repair: { type: 'boolean', doc: 'Mend what is found; damaged blocks are fetched again from whoever has them' },
  from: {
    type: 'string',
    value: 'FOLDER',
    multiple: true,
    doc: 'Another repository on this machine to take damaged blocks from',
  },
} as const

type Context = CommandContext<typeof flags>

export const command = define({
  args: [],
  flags,
  examples: [
    'cairn repo check',
    'cairn repo check --read-data',
    'cairn repo check --read-data-subset 3/20',
    'cairn repo check --read-data --repair',
  ],
  details: [
    'Safe beside a running daemon and other writers. Notes are harmless leftovers; an error ends with exit code 6.',
    'With --repair, damaged bytes go to quarantine/ and their blocks are fetched again: from copies in the repository, from --from, from the network unless --offline. Files that nothing needs are removed, counters corrected, packs with garbled parts written anew; a broken database is made anew first, as by `cairn repo rebuild`. It ends with 0 if no error is left; what is lost is listed with the pins that it hurts.',
  ],
  run: async context => {
    const { flags: given, globals, io, session, signal } = context
    const readData = readDataOf(given)
    const repair = given.repair === true
    if (!repair && given.from !== undefined)
      throw new CairnError('USAGE', '--from has a meaning with --repair only', { hint: 'add --repair' })
    const checkRoots = repair ? await rebuildIfBroken(context) : undefined
    const node = await session.open({ local: !repair })
    using progress = createProgress({
      out: io.stderr,
      label: repair ? 'repairing' : 'checking',
      enabled: globals.progress ?? io.stderr.isTerminal,
    })
    for await (const event of node.repo.check({ readData, repair, from: given.from ?? [], signal })) {
      if (event.type === 'progress') {
        progress.update({ done: event.done, total: event.total, unit: 'blocks', note: event.stage })
        continue
      }
      progress.clear()
      if (event.type === 'finding') printFinding(context, event.finding)
      else finish(context, event, { readData: readData !== false, repair })
    }
    checkRoots?.()
  },
})

/** A broken index is mended as a whole, and before anything has it open. What is returned asks whether its roots came back. */
async function rebuildIfBroken(context: Context): Promise<(() => void) | undefined> {
  const { checkRoots, rebuildIfBroken: rebuild } = await import('../rebuild.ts')
  const result = await rebuild(context)
  const graceText = context.session.config().config.store.grace
  return result === undefined ? undefined : () => checkRoots(result, { graceText })
}

function readDataOf(given: Context['flags']): boolean | ReadSubset {
  const subset = given['read-data-subset']
  if (subset === undefined) return given['read-data'] === true
  if (given['read-data'] === true)
    throw new CairnError('USAGE', '--read-data reads everything, --read-data-subset a part', {
      hint: 'give one of them',
    })
  return parseSubset(subset)
}

function printFinding(context: Context, { severity, kind, what, repaired, how }: CheckFinding): void {
  const outcome = repaired === undefined ? '' : `\n  ${repaired ? 'mended' : 'not mended'}: ${how}`
  print(context, {
    json: { type: 'finding', severity, kind, what, ...(repaired !== undefined && { repaired, how }) },
    quiet: severity === 'error' && repaired !== true ? what : '',
    text: `${severity}: ${kind}: ${what}${outcome}`,
  })
}

function finish(
  context: Context,
  { type, errors, notes, repaired, left, blocks, bytesRead }: CheckEvent & { type: 'done' },
  { readData, repair }: { readData: boolean; repair: boolean },
): void {
  const read = readData ? `, ${formatSize(bytesRead)} read` : ''
  const found =
    errors === 0
      ? `the repository is sound: ${blocks} blocks${read}`
      : `${count(errors, 'error')} in ${blocks} blocks${read}`
  const mended = repair ? `; ${repaired} of ${count(errors + notes, 'finding')} mended` : ''
  print(context, {
    json: { type, errors, notes, ...(repair && { repaired, left }), blocks, bytesRead },
    text: `${found}${mended}`,
  })
  if (left === 0) return
  if (!repair)
    throw new CairnError('CORRUPT_BLOCK', `the repository has ${count(errors, 'error')}`, {
      hint: 'mend them with `cairn repo check --read-data --repair`',
    })
  throw new CairnError('CORRUPT_BLOCK', `${count(left, 'error')} could not be mended`, {
    hint: 'the reasons are listed above; try again when somebody who has the content can be reached',
  })
}
