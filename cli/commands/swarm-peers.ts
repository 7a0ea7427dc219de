// `cairn swarm peers`: whom the daemon is connected with.

import { escapeName } from '../../src/dag/names.ts'
import { command as define } from '../command.ts'
import { print } from '../print.ts'
import { swarmOf } from '../swarm.ts'

export const command = define({
  args: [],
  flags: {
    verbose: { type: 'boolean', short: 'v', doc: 'Print agent, direction and latency too' },
    latency: { type: 'boolean', doc: 'Print the latency too' },
    direction: { type: 'boolean', doc: 'Print who has connected' },
  },
  examples: ['cairn swarm peers', 'cairn swarm peers -v'],
  run: async context => {
    const { signal, flags } = context
    const swarm = await swarmOf(context)
    for (const peer of await swarm.peers({ signal })) {
      const full = peer.address.includes('/p2p/') ? peer.address : `${peer.address}/p2p/${peer.id}`
      const more = [
        flags.latency === true || flags.verbose === true
          ? peer.latencyMs === undefined
            ? 'n/a'
            : `${peer.latencyMs.toFixed(1)} ms`
          : '',
        flags.direction === true || flags.verbose === true ? peer.direction : '',
        flags.verbose === true ? escapeName(peer.agentVersion ?? '') : '',
      ].filter(text => text !== '')
      print(context, { json: { ...peer }, quiet: peer.id, text: [full, ...more].join(' ') })
    }
  },
})
