// `cairn swarm connect`: connects the daemon with peers.

import { command as define } from '../command.ts'
import { print } from '../print.ts'
import { swarmOf } from '../swarm.ts'

export const command = define({
  args: [{ name: 'ADDRESS', doc: 'A multiaddr that ends in /p2p/ID', many: true }],
  flags: {},
  examples: ['cairn swarm connect /ip4/192.168.1.7/tcp/4001/p2p/12D3Koo…'],
  details: [
    'The connection is the daemon’s; without one it shows that the peer can be reached. To stay connected across restarts, list the peer in `swarm.peers`.',
  ],
  run: async context => {
    const { args, signal } = context
    const swarm = await swarmOf(context)
    for (const address of args) {
      const { id } = await swarm.connect(address, { signal })
      print(context, { json: { id, address, connected: true }, quiet: id, text: `connect ${id} success` })
    }
  },
})
