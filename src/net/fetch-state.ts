// How the search for the blocks of one root stands, from what is wanted of it now.

import type { FetchState } from '../block/source.ts'
import type { Session } from './session.ts'
import type { Want } from './wants.ts'

export function fetchState(session: Session, wants: Iterable<Want>, connected: number): FetchState {
  const { search, providers } = session
  const asked = new Set<string>()
  const answered = new Set<string>()
  for (const want of wants) {
    if (want.session !== session) continue
    for (const [peer, answer] of want.answers) {
      asked.add(peer)
      if (answer === 'has' || answer === 'lacks') answered.add(peer)
    }
  }
  return {
    connected,
    asked: asked.size,
    answered: answered.size,
    providers: providers.size,
    searches: search.count,
    ...(search.absent !== undefined && { noSearch: search.absent }),
  }
}
