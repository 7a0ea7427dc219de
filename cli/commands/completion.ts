// `cairn completion`: what shells need to complete commands, flags and their values.

import { CairnError } from '../../src/errors.ts'
import { command as define } from '../command.ts'
import { SHELLS } from '../view/completion.ts'
import { COMMANDS } from './table.ts'

export const command = define({
  args: [{ name: 'SHELL', doc: 'bash, zsh or fish' }],
  flags: {},
  examples: ['source <(cairn completion bash)', 'cairn completion fish > ~/.config/fish/completions/cairn.fish'],
  run: async ({ args, io }) => {
    const write = SHELLS[args[0] ?? '']
    if (write === undefined)
      throw new CairnError('USAGE', `"${args[0]}" is none of ${Object.keys(SHELLS).join(', ')}`, { hint: '' })
    const commands = await Promise.all(
      COMMANDS.map(async ({ name, summary, load }) => ({ name, summary, flags: (await load()).command.flags })),
    )
    io.stdout.write(write(commands))
  },
})
