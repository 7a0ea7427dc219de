// `cairn dag export`: a whole DAG as a CAR.

import { CairnError } from '../../src/errors.ts'
import { command as define } from '../command.ts'
import { writeOut } from '../output.ts'
import { createProgress } from '../progress.ts'
import { givenPath } from '../target.ts'

export const command = define({
  args: [{ name: 'ROOT', doc: 'A CID or /ipfs/CID/path' }],
  flags: { output: { type: 'string', short: 'o', value: 'FILE', doc: 'Write it there (default stdout)' } },
  examples: [
    'cairn dag export CID > all.car',
    'cairn dag export -o all.car CID',
    'cairn dag export CID | ssh other cairn dag import',
  ],
  details: [
    'The same DAG always gives the same bytes. If a block is missing the export fails, and no file is left behind.',
  ],
  run: async ({ args, flags, globals, io, session, signal }) => {
    const target = flags.output ?? '-'
    if (target === '-' && io.stdout.isTerminal)
      throw new CairnError('USAGE', 'a CAR is not for a terminal', { hint: 'use -o FILE, or pipe it somewhere' })
    const node = await session.open()
    using progress = createProgress({
      out: io.stderr,
      label: 'exporting',
      enabled: globals.progress ?? io.stderr.isTerminal,
    })
    const content = node.content.exportCar(await givenPath(args[0] ?? '')(node, { signal }), { signal })
    await writeOut(content, { target, io, onBytes: bytes => progress.update({ done: bytes }) })
  },
})
