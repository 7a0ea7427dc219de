// id, version, shutdown: the node itself.

import type { NodeId } from '../../src/api/network.ts'
import type { CairnNode } from '../../src/api/node.ts'
import { bool, type Command, command, text, value } from './command.ts'
import { KUBO_AGENT, KUBO_REPO, KUBO_VERSION } from './compat.ts'
import { failure } from './errors.ts'
import { formatPeerId, type PeerId, parsePeerId, publicKeyOf } from './peer-id.ts'

export const id = command({
  args: [{ name: 'peerid', optional: true }],
  options: { 'peerid-base': text('b58mh') },
  run: async ({ node, args, options, offline, signal }) => {
    const own = await node.id({ signal })
    const base = options['peerid-base']
    if (args[0] === undefined) return value(describeSelf(own, base))
    const asked = parsePeerId(args[0])
    if (formatPeerId(asked, 'b58mh') === own.id) return value(describeSelf(own, base))
    return value(offline ? describeUnknown(asked, base) : await describePeer(node, asked, { base, signal }))
  },
})

function describeSelf({ id: ownId, publicKey, addresses, protocols }: NodeId, base: string) {
  const ended = addresses.map(address => (address.includes(`/p2p/${ownId}`) ? address : `${address}/p2p/${ownId}`))
  return {
    ID: formatPeerId(parsePeerId(ownId), base),
    PublicKey: publicKey,
    Addresses: ended.sort(),
    AgentVersion: KUBO_AGENT,
    Protocols: [...protocols].sort(),
  }
}

async function describePeer(node: CairnNode, peer: PeerId, { base, signal }: { base: string; signal: AbortSignal }) {
  const peerId = formatPeerId(peer, 'b58mh')
  const connected = (await node.swarm.peers({ signal })).find(known => known.id === peerId)
  if (connected === undefined) throw failure('routing: not found')
  return {
    ID: formatPeerId(peer, base),
    PublicKey: publicKeyOf(peer),
    Addresses: [connected.address.includes('/p2p/') ? connected.address : `${connected.address}/p2p/${peerId}`],
    AgentVersion: connected.agentVersion ?? '',
    Protocols: [...connected.protocols].sort(),
  }
}

/** All that can be said without asking anyone. */
function describeUnknown(peer: PeerId, base: string) {
  return {
    ID: formatPeerId(peer, base),
    PublicKey: publicKeyOf(peer),
    Addresses: [`/p2p/${formatPeerId(peer, 'b58mh')}`],
    AgentVersion: '',
    Protocols: null,
  }
}

const ARCHITECTURES: Record<string, string> = { x64: 'amd64', ia32: '386' }

export const version = command({
  options: { number: bool(false, 'n'), commit: bool(false), repo: bool(false), all: bool(false) },
  run: ({ encoding }) => {
    const about = {
      Version: KUBO_VERSION,
      Commit: '',
      Repo: KUBO_REPO,
      System: `${ARCHITECTURES[process.arch] ?? process.arch}/${process.platform}`,
      Golang: `node${process.versions.node}`,
    }
    if (encoding === 'json') return value(about)
    if (encoding === 'text') return { kind: 'encoded', type: 'text/plain', body: `ipfs version ${KUBO_VERSION}\n` }
    const fields = Object.entries(about).map(([name, word]) => `<${name}>${word}</${name}>`)
    return { kind: 'encoded', type: 'application/xml', body: `<VersionInfo>${fields.join('')}</VersionInfo>` }
  },
})

/** The reply goes out first: the client waits for it (spec: kubo-rpc §7.20). */
export const shutdown = command({
  run: ({ shutdown: stop }) => {
    stop()
    return { kind: 'nothing' }
  },
})

export const NODE_COMMANDS: Record<string, Command> = { id, version, shutdown }
