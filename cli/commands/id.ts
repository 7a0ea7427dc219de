// `cairn id`: who this node is, and where the daemon can be reached.

import { command as define } from '../command.ts'
import { print } from '../print.ts'

export const command = define({
  args: [],
  flags: {
    format: {
      type: 'string',
      short: 'f',
      value: 'TEXT',
      doc: 'Print this with <id>, <aver>, <pubkey>, <addrs> filled in',
    },
  },
  examples: ['cairn id', "cairn id -f '<id>'"],
  details: ['Addresses are those of the running daemon; without one there are none.'],
  run: async context => {
    const { flags, signal, session, globals } = context
    const daemon = globals.offline === true ? undefined : await session.daemon()
    const { id, publicKey, addresses, agentVersion, protocols } =
      daemon === undefined ? await (await session.open({ local: true })).id() : await daemon.id({ signal })
    const filled = flags.format
      ?.replaceAll('<id>', id)
      .replaceAll('<aver>', agentVersion)
      .replaceAll('<pubkey>', publicKey)
      .replaceAll('<addrs>', addresses.join('\n'))
      .replaceAll('\\n', '\n')
    print(context, {
      json: { id, publicKey, addresses, agentVersion, protocols, daemon: daemon !== undefined },
      quiet: id,
      text:
        filled ??
        [
          `Peer:      ${id}`,
          `Agent:     ${agentVersion}`,
          `Daemon:    ${daemon === undefined ? 'not running' : 'running'}`,
          ...addresses.map((address, index) => `${index === 0 ? 'Addresses: ' : '           '}${address}`),
        ].join('\n'),
    })
  },
})
