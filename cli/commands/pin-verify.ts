// `cairn pin verify`: reads every block that pins keep, and tells what is missing or damaged.

import { CairnError } from '../../src/errors.ts'
import { command as define } from '../command.ts'
import { defined, print } from '../print.ts'
import { targetOf } from '../target.ts'

export const command = define({
  args: [{ name: 'CID', doc: 'Only this pin', optional: true }],
  flags: { verbose: { type: 'boolean', short: 'v', doc: 'Print the good ones too' } },
  examples: ['cairn pin verify', 'cairn pin verify -q | xargs cairn pin add'],
  run: async context => {
    const { args, flags, globals, io, session, signal } = context
    const node = await session.open({ local: true })
    const cid = args[0] === undefined ? undefined : await targetOf(node, args[0], { signal })
    let checked = 0
    let broken = 0
    for await (const verdict of node.pins.verify({ ...defined({ cid }), signal })) {
      checked++
      if (!verdict.ok) broken++
      if (verdict.ok && flags.verbose !== true && globals.json !== true) continue
      print(context, {
        json: verdict,
        quiet: verdict.ok ? '' : String(verdict.cid),
        text: [
          `${verdict.cid} ${verdict.ok ? 'ok' : 'broken'}`,
          ...verdict.bad.map(bad => `  ${bad.cid}: ${bad.error}`),
        ].join('\n'),
      })
    }
    if (broken > 0)
      throw new CairnError('CORRUPT_BLOCK', `${broken} of ${checked} pins are not whole`, {
        hint: 'fetch what is missing with `cairn pin add`',
      })
    if (globals.json !== true && globals.quiet !== true) io.stderr.write(`${checked} pins are whole\n`)
  },
})
