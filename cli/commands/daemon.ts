// `cairn daemon`: the node with its gateway, its API and its network, until it is told to stop.

import type { Config } from '../../src/config/schema.ts'
import { CairnError } from '../../src/errors.ts'
import { networkParts } from '../../src/net/modes.ts'
import { VERSION } from '../../src/version.ts'
import { type CommandContext, command as define } from '../command.ts'
import { jsonLine } from '../print.ts'
import { surviveKnownRejections } from '../unhandled.ts'
import { networkText, servingText } from '../view/daemon.ts'

const flags = {
  gateway: {
    type: 'string',
    value: 'HOST:PORT',
    config: 'gateway.listen',
    doc: 'Where the gateway listens; port 0 takes a free one',
  },
  api: { type: 'string', value: 'HOST:PORT', config: 'api.listen', doc: 'Where the API listens, on this machine only' },
  swarm: { type: 'string', value: 'MULTIADDR', multiple: true, config: 'swarm.listen', doc: 'Where peers connect' },
  mode: {
    type: 'string',
    value: 'MODE',
    values: ['public', 'lan', 'private', 'offline'],
    config: 'mode',
    doc: 'Whom the node talks to',
  },
  connect: {
    type: 'string',
    value: 'MULTIADDR',
    multiple: true,
    doc: 'Peers to stay connected with, besides swarm.peers',
  },
} as const

export const command = define({
  service: true,
  args: [],
  flags,
  examples: [
    'cairn daemon',
    'cairn daemon --mode lan',
    'cairn daemon --gateway 0.0.0.0:8080',
    'cairn daemon --json --gateway 127.0.0.1:0 --api 127.0.0.1:0',
  ],
  details: [
    'Ctrl-C, SIGTERM and `cairn shutdown` let running requests end (`daemon.drain`); a second Ctrl-C stops at once. With --json one line is printed, as soon as everything runs.',
  ],
  run: async context => {
    const { session, io, signal, globals } = context
    const config = configFor(context)
    const { log, repo } = session
    surviveKnownRejections(log)
    const { serve } = await import('../serve.ts')
    await using service = await serve({
      repo,
      config,
      log,
      onMade: () => io.stderr.write(`made a repository at ${repo}\n`),
    })
    const stopped = stopOf(signal, service.stopRequested)
    const { announces } = networkParts(config, 'daemon')
    const { workers } = config.gateway
    const about = {
      version: VERSION,
      repo,
      mode: config.mode,
      peerId: service.peerId,
      announces,
      workers,
      ...service.urls,
    }
    if (globals.json !== true) {
      io.stdout.write(servingText(about, io.stdout))
      await io.stdout.flush()
    }
    const addresses = await Promise.race([service.startNetwork(), stopped])
    if (addresses !== undefined) {
      const { peerId } = service
      io.stdout.write(
        globals.json === true
          ? jsonLine({ ready: true, peerId, ...service.urls, swarm: addresses })
          : networkText(config.mode, addresses, io.stdout),
      )
      await io.stdout.flush()
    }
    await stopped
    if (globals.json !== true)
      io.stderr.write('stopping when running requests have ended; Ctrl-C again stops at once\n')
  },
})

/** `--connect` adds to the listed peers, `--offline` is a mode. */
function configFor({ session, flags: { connect = [] }, globals }: CommandContext<typeof flags>): Config {
  const { config } = session.config()
  const bad = connect.find(address => !/^\/.+\/p2p\/[^/]+$/.test(address))
  if (bad !== undefined)
    throw new CairnError('USAGE', `--connect: "${bad}" is not the multiaddr of a peer`, {
      hint: 'it looks like /ip4/192.168.1.7/tcp/4001/p2p/12D3Koo…',
    })
  return {
    ...config,
    mode: globals.offline === true ? 'offline' : config.mode,
    swarm: { ...config.swarm, peers: [...config.swarm.peers, ...connect] },
  }
}

/** Resolves at the first signal, or when `shutdown` was called over the API. */
async function stopOf(signal: AbortSignal, requested: Promise<void>): Promise<undefined> {
  const aborted = new Promise<void>(resolve => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  await Promise.race([aborted, requested])
}
