// Whom to ask for a block next: peers that gave others of the same root first, all connected ones only when none is known.

export type Answer =
  /** Asked, no answer yet. */
  'asked-block' | 'asked-have' | 'has' | 'lacks' | 'silent' | 'lied'

export interface Candidates {
  readonly answers: ReadonlyMap<string, Answer>
  /** Peers that have given blocks of this root, or said that they have some. */
  readonly providers: ReadonlySet<string>
  readonly connected: ReadonlyMap<string, { readonly outstanding: number; readonly lied: boolean }>
  /** How many peers to ask at once when no provider is known. */
  readonly width: number
}

export interface Ask {
  readonly peer: string
  readonly kind: 'block' | 'have'
}

export function nextAsks({ answers, providers, connected, width }: Candidates): Ask[] {
  const open = [...connected].filter(([id, { lied }]) => !lied && isOpen(answers.get(id)))
  const known = open.filter(([id]) => providers.has(id) || answers.get(id) === 'has')
  if (known.length > 0) {
    const [best] = known.reduce((least, other) => (other[1].outstanding < least[1].outstanding ? other : least))
    return [{ peer: best, kind: 'block' }]
  }
  const strangers = open.filter(([id]) => !answers.has(id)).slice(0, width)
  // Asking one peer whether it has a block before asking for it is a round trip for nothing.
  const kind = strangers.length === 1 ? 'block' : 'have'
  return strangers.map(([peer]) => ({ peer, kind }))
}

/** Not asked yet, or known to have it and not asked for it. */
const isOpen = (answer: Answer | undefined): boolean => answer === undefined || answer === 'has'
