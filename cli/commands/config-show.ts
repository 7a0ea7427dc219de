// `cairn config show`: the configuration in effect, and where each value comes from.

import { CONFIG_KEYS } from '../../src/config/generated.ts'
import type { ConfigKey, ConfigValue } from '../../src/config/kinds.ts'
import { configValue } from '../../src/config/load.ts'
import { command as define } from '../command.ts'
import { print } from '../print.ts'

export const command = define({
  args: [],
  flags: { origin: { type: 'boolean', doc: 'Tell where each value comes from' } },
  examples: ['cairn config show --origin', 'cairn config show --json'],
  run: async context => {
    const { config, origins } = context.session.config()
    const rows = CONFIG_KEYS.map(key => ({
      key: key.key,
      value: shown(key, configValue(config, key.key)),
      origin: origins.get(key.key) ?? 'default',
    }))
    const isWithOrigin = context.flags.origin === true
    print(context, {
      json: {
        config: Object.fromEntries(
          rows.map(({ key, value, origin }) => [key, isWithOrigin ? { value, origin } : value]),
        ),
      },
      quiet: rows.map(({ key, value }) => `${key}=${text(value)}`).join('\n'),
      text: rows.map(({ key, value, origin }) => lines(key, value, isWithOrigin ? origin : '')).join('\n'),
    })
  },
})

/** A secret is told to be set, never what it is. */
export const shown = ({ secret }: Pick<ConfigKey, 'secret'>, value: ConfigValue): ConfigValue =>
  secret === true && value !== '' ? '[redacted]' : value

/** A list has a line for each of its items. */
function lines(key: string, value: ConfigValue, origin: string): string {
  const [first = 'none', ...rest] = Array.isArray(value) ? (value as readonly string[]) : [text(value)]
  const head = (origin === '' ? '' : `${origin.padEnd(24)} `) + key.padEnd(26)
  return [head + first, ...rest.map(item => ' '.repeat(head.length) + item)].join('\n')
}

const text = (value: ConfigValue): string => (typeof value === 'string' ? value || '""' : JSON.stringify(value))
