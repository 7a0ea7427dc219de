// Who speaks to peers for a command: the running daemon, or a node that lives as long as the command.

import type { SwarmApi } from '../src/api/network.ts'
import type { CommandContext } from './command.ts'

export async function swarmOf({ session, io, globals }: CommandContext): Promise<SwarmApi> {
  const daemon = await session.daemon()
  if (daemon !== undefined)
    return { peers: options => daemon.swarmPeers(options), connect: (to, options) => daemon.swarmConnect(to, options) }
  const { swarm } = await session.open()
  if (globals.quiet !== true) io.stderr.write('no daemon runs: a node of this command’s own asks, and ends with it\n')
  return swarm
}
