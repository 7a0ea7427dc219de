// `cairn init`: makes the repository and the identity; harmless where they are.

import { setConfigKey } from '../../src/config/edit.ts'
import { command as define } from '../command.ts'
import { print } from '../print.ts'

export const command = define({
  args: [],
  flags: {
    profile: {
      type: 'string',
      value: 'NAME',
      values: ['unixfs-v1-2025', 'unixfs-v0-2015'],
      doc: 'Write this import profile to the config',
    },
  },
  examples: ['cairn init', 'cairn init --repo /srv/cairn', 'cairn init --profile unixfs-v0-2015'],
  details: ['Optional: the first `cairn add` or `cairn daemon` makes the repository as well.'],
  run: async context => {
    const { flags, session } = context
    let isNew = false
    const onMade = (): void => {
      isNew = true
    }
    const node = await session.open({ create: true, local: true, onMade })
    if (flags.profile !== undefined) setConfigKey({ repo: session.repo, key: 'import.profile', value: flags.profile })
    const { id } = await node.id()
    print(context, {
      json: { repo: session.repo, peerId: id, created: isNew },
      text: [
        isNew ? `made a repository at ${session.repo}` : `the repository at ${session.repo} is there already`,
        `peer identity: ${id}`,
        'next: cairn add PATH, cairn daemon',
      ].join('\n'),
    })
  },
})
