// Rejections that libraries let escape although nothing is wrong with this process: the daemon logs them and goes on.

export interface KnownRejection {
  /** `error.name`, never a message: messages change and carry what peers sent. */
  readonly name: string
  /** Part of a path in the stack, so that an error of our own with the same name is not swallowed. */
  readonly from: string
  readonly why: string
  readonly issue: string
}

const LIBP2P = 'node_modules/@libp2p/'

export const KNOWN_REJECTIONS: readonly KnownRejection[] = [
  {
    name: 'StreamStateError',
    from: LIBP2P,
    why: 'a stream was closed while its buffer drained',
    issue: 'https://github.com/libp2p/js-libp2p/issues/3415',
  },
  {
    name: 'StreamResetError',
    from: LIBP2P,
    why: 'a peer reset a stream that nobody was reading any more',
    issue: 'https://github.com/libp2p/js-libp2p/issues/3415',
  },
  {
    name: 'ConnectionClosedError',
    from: LIBP2P,
    why: 'a peer went away during a write',
    issue: 'https://github.com/libp2p/js-libp2p/issues/3512',
  },
  {
    name: 'MuxerClosedError',
    from: LIBP2P,
    why: 'a stream was opened on a connection that was just closing',
    issue: 'https://github.com/libp2p/js-libp2p/issues/3512',
  },
]

export function knownRejection(error: unknown): KnownRejection | undefined {
  if (!(error instanceof Error)) return undefined
  return KNOWN_REJECTIONS.find(known => known.name === error.name && error.stack?.includes(known.from) === true)
}
