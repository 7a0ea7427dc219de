// `cairn swarm connect`: connects the daemon with peers.

import { command as define } from '../command.ts'
import { print } from '../print.ts'

export const command = define({
  args: [{ name: 'ADDRESS', doc: 'A multiaddr that ends in /p2p/ID', many: true }],
  flags: {},
  examples: ['cairn swarm connect /ip4/192.168.1.7/tcp/4001/p2p/12D3Koo…'],
  details: ['The connection is the daemon’s. To stay connected across restarts, list the peer in `swarm.peers`.'],
  run: async context => {
    const { args, session, signal } = context
    const daemon = await session.needDaemon()
    for (const address of args) {
      const { id } = await daemon.swarmConnect(address, { signal })
      print(context, { json: { id, address, connected: true }, quiet: id, text: `connect ${id} success` })
    }
  },
})
