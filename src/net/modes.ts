// What each mode of a node switches on: a table, so that what a node tells strangers can be read in one place.

import type { Config } from '../config/schema.ts'

export type Mode = Config['mode']
export type NetworkRole = 'daemon' | 'client'

export interface NetworkParts {
  /** False: no socket is opened at all. */
  readonly network: boolean
  /** Accept connections; a command's own short-lived node only dials. */
  readonly listen: boolean
  /** Only holders of the pre-shared key are talked to. */
  readonly swarmKey: boolean
  /** Find and be found by peers on the local network. */
  readonly mdns: boolean
  readonly bootstrap: boolean
  readonly dht: boolean
  /** Learn whether strangers can reach this node, and help them to: AutoNAT, relay client, DCUtR, UPnP. */
  readonly traversal: boolean
  /** One line for the start of the log: who can learn that this node exists, and what it has. */
  readonly announces: string
}

const NOTHING = {
  network: true,
  listen: true,
  swarmKey: false,
  mdns: false,
  bootstrap: false,
  dht: false,
  traversal: false,
}

const MODES: Record<Mode, NetworkParts> = {
  public: {
    ...NOTHING,
    mdns: true,
    bootstrap: true,
    dht: true,
    traversal: true,
    announces: 'this node to the public network, its pinned roots to the DHT',
  },
  lan: { ...NOTHING, mdns: true, announces: 'this node to the local network' },
  private: { ...NOTHING, swarmKey: true, announces: 'nothing; only holders of the swarm key can connect' },
  offline: { ...NOTHING, network: false, listen: false, announces: 'nothing' },
}

export function networkParts(config: Pick<Config, 'mode' | 'daemon'>, role: NetworkRole): NetworkParts {
  const parts = MODES[config.mode]
  const mdns = parts.mdns && config.daemon.mdns
  if (role === 'daemon') return { ...parts, mdns }
  return { ...parts, mdns, listen: false, traversal: false, announces: 'nothing' }
}
