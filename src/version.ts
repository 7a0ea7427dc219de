// The version of this Cairn, as people, peers and logs see it.

export const VERSION = '0.1.0'
/** What libp2p's identify tells peers. */
export const AGENT_VERSION = `cairn/${VERSION}`
