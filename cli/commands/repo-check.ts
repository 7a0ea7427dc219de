// `cairn repo check`: whether rows, packs, files and counters agree, and with --read-data whether every byte is right.

import { CairnError } from '../../src/errors.ts'
import { formatSize } from '../../src/units.ts'
import { command as define } from '../command.ts'
import { print } from '../print.ts'
import { createProgress } from '../progress.ts'

export const command = define({
  args: [],
  flags: { 'read-data': { type: 'boolean', doc: 'Read and hash every block: the full proof' } },
  examples: ['cairn repo check', 'cairn repo check --read-data'],
  details: ['Safe beside a running daemon. Notes are harmless leftovers; an error ends with exit code 6.'],
  run: async context => {
    const { flags, globals, io, session, signal } = context
    const node = await session.open({ local: true })
    using progress = createProgress({
      out: io.stderr,
      label: 'checking',
      enabled: globals.progress ?? io.stderr.isTerminal,
    })
    for await (const event of node.repo.check({ readData: flags['read-data'] === true, signal })) {
      if (event.type === 'progress') {
        progress.update({ done: event.done, total: event.total, unit: 'blocks', note: event.stage })
        continue
      }
      progress.clear()
      if (event.type === 'finding') {
        const { severity, kind, what } = event.finding
        print(context, {
          json: { type: 'finding', severity, kind, what },
          quiet: severity === 'error' ? what : '',
          text: `${severity}: ${kind}: ${what}`,
        })
        continue
      }
      const { errors, notes, blocks, bytesRead } = event
      const read = flags['read-data'] === true ? `, ${formatSize(bytesRead)} read` : ''
      print(context, {
        json: { type: 'done', errors, notes, blocks, bytesRead },
        text:
          errors === 0
            ? `the repository is sound: ${blocks} blocks${read}`
            : `${errors} errors in ${blocks} blocks${read}`,
      })
      if (errors > 0)
        throw new CairnError('CORRUPT_BLOCK', `the repository has ${errors} errors`, {
          hint: 'what is damaged is listed above; pins of it can be fetched again with `cairn pin add`',
        })
    }
  },
})
