// `cairn config get`: one value, as it is in effect.

import { configValue, findKey } from '../../src/config/load.ts'
import { command as define } from '../command.ts'
import { print } from '../print.ts'

export const command = define({
  args: [{ name: 'KEY', doc: 'Such as gateway.listen' }],
  flags: {},
  examples: ['cairn config get gateway.listen'],
  run: async context => {
    const { key } = findKey(context.args[0] ?? '', 'config get')
    const { config, origins } = context.session.config()
    const value = configValue(config, key)
    const text = Array.isArray(value) ? value.join('\n') : String(value)
    print(context, { json: { key, value, origin: origins.get(key) }, quiet: text, text: text === '' ? '\n' : text })
  },
})
