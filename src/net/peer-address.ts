// Multiaddrs of a peer, as others are told them: without its own id, which stands beside them.

/** Only its own id goes: that of a relay says how to get there. */
export function withoutPeer(address: string, id: string): string {
  const end = `/p2p/${id}`
  return address.endsWith(end) ? address.slice(0, -end.length) : address
}
