// `cairn help`: all commands, one of them, or a topic.

import { CONFIG_KEYS } from '../../src/config/generated.ts'
import { type ConfigKey, envName } from '../../src/config/kinds.ts'
import { didYouMean } from '../../src/config/suggest.ts'
import { CairnError } from '../../src/errors.ts'
import { command as define } from '../command.ts'
import { EXIT_CODES } from '../exit.ts'
import { commandHelp, groupHelp, overview } from '../help.ts'
import type { Out } from '../io.ts'
import { columns } from '../view/layout.ts'
import { COMMANDS, findEntry, GROUPS } from './table.ts'

const TOPICS: Readonly<Record<string, (out: Out) => string>> = {
  'exit-codes': out =>
    page(
      'Exit codes',
      Object.entries(EXIT_CODES).map(([code, meaning]) => [code, meaning]),
      out,
    ),
  env: out =>
    page(
      'Environment',
      [
        ['CAIRN_REPO', 'The repository, where --repo is not given'],
        [
          'XDG_DATA_HOME',
          'Where it lies if neither is given: cairn in this folder, which is ~/.local/share by default',
        ],
        ['NO_COLOR, FORCE_COLOR', 'Colours never, or always'],
        ['CAIRN_<KEY>', 'Any config key:'],
        ...CONFIG_KEYS.map(({ key }): [string, string] => [envName(key), key]),
      ],
      out,
    ),
  config: out =>
    page(
      'Configuration keys (`cairn config set KEY VALUE`)',
      CONFIG_KEYS.map(({ key, doc, values, default: value }: ConfigKey) => {
        const choice = values === undefined ? '' : `${values.join(', ')}; `
        return [key, `${doc} (${choice}default ${Array.isArray(value) ? value.join(', ') || 'none' : value})`]
      }),
      out,
    ),
}

export const command = define({
  args: [{ name: 'COMMAND', doc: 'A command, or one of exit-codes, env, config', optional: true, many: true }],
  flags: {},
  examples: ['cairn help add', 'cairn help pin', 'cairn help exit-codes'],
  run: async ({ args, io }) => {
    io.stdout.write(await explain(args, io.stdout))
  },
})

async function explain(words: readonly string[], out: Out): Promise<string> {
  const name = words.join(' ')
  if (name === '') return overview(out)
  const topic = TOPICS[name]
  if (topic !== undefined) return topic(out)
  if (GROUPS.has(name)) return groupHelp(name, out)
  const entry = findEntry(name)
  if (entry !== undefined) return commandHelp(entry, (await entry.load()).command, out)
  const known = [...COMMANDS.map(command => command.name), ...GROUPS, ...Object.keys(TOPICS)]
  throw new CairnError('USAGE', `there is no help on "${name}"`, {
    hint: didYouMean(name, known, found => `\`cairn help ${found}\``) || 'all commands: `cairn help`',
  })
}

const page = (title: string, rows: readonly (readonly [string, string])[], out: Out): string =>
  `${[out.style('bold', title), ...columns(rows, Math.min(out.columns, 100))].join('\n')}\n`
