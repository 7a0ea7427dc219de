// Whether the swarm's ports are free, asked before libp2p starts, which would only log it.

import { createServer } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { CairnError } from '../errors.ts'

/** BAD_CONFIG for what is no multiaddr; PORT_IN_USE names address, key and flag; any other trouble with an address comes back as text. */
export async function checkListen(addresses: readonly string[]): Promise<string[]> {
  const troubles = await Promise.all(addresses.map(tryAddress))
  return troubles.filter(trouble => trouble !== '')
}

async function tryAddress(address: string): Promise<string> {
  checkAddress(address)
  const match = /^\/(?:ip4|ip6)\/([^/]+)\/tcp\/(\d+)(?:\/|$)/.exec(address)
  const [, host = '', port = '0'] = match ?? []
  if (match === null || port === '0') return ''
  const server = createServer()
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  server.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') resolve(`not listening on ${address}: ${error.code ?? error.message}`)
    else reject(inUse(address, error))
  })
  server.listen({ host, port: Number(port), exclusive: true }, () => server.close(() => resolve('')))
  return promise
}

function checkAddress(address: string): void {
  try {
    multiaddr(address)
  } catch (cause) {
    throw new CairnError('BAD_CONFIG', `swarm.listen: "${address}" is not a multiaddr`, {
      cause,
      hint: 'one looks like /ip4/0.0.0.0/tcp/4001',
    })
  }
}

function inUse(address: string, cause: Error): CairnError {
  return new CairnError('PORT_IN_USE', `the swarm address ${address} is in use`, {
    cause,
    hint: 'choose another with the config key swarm.listen, or --swarm MULTIADDR (port 0 takes any free one)',
  })
}
