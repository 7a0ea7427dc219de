// `cairn config set`: changes one value in config.json.

import { setConfigKey } from '../../src/config/edit.ts'
import { complaint } from '../../src/config/kinds.ts'
import { findKey, fromText, loadConfig } from '../../src/config/load.ts'
import { CairnError } from '../../src/errors.ts'
import { command as define } from '../command.ts'
import { print } from '../print.ts'

export const command = define({
  args: [
    { name: 'KEY', doc: 'Such as gateway.listen' },
    { name: 'VALUE', doc: 'Lists with commas, or as JSON' },
  ],
  flags: {},
  examples: ['cairn config set store.max 500GiB', 'cairn config set swarm.listen /ip4/0.0.0.0/tcp/4011'],
  details: ['A running daemon takes it over when it starts again. Comments in the file stay.'],
  run: async context => {
    const [name = '', text = ''] = context.args
    const key = findKey(name, 'config set')
    const value = fromText(key, text, 'config set')
    const wrong = complaint(key, value)
    if (wrong !== undefined)
      throw new CairnError('BAD_CONFIG', `config set: ${key.key}: ${wrong}`, {
        hint: 'what it takes: `cairn help config`',
      })
    // With the rest of the file it must make a configuration that commands accept, or none of them would run any more.
    loadConfig({ repo: context.session.repo, env: {}, flags: [{ key: name, value: text, flag: 'config set' }] })
    setConfigKey({ repo: context.session.repo, key: key.key, value })
    print(context, { json: { key: key.key, value }, text: `${key.key} = ${JSON.stringify(value)}` })
  },
})
