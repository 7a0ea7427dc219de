// Who has to know that blocks of an answer come from elsewhere: told through the signal that readers hand on anyway.

import type { CID } from 'multiformats/cid'

export interface WaitObserver {
  /** A block is asked of others. What it throws is the reader's failure: there is no room for one more that waits. */
  begin(cid: CID): void
  /** It came, or never will. Once for each `begin` that did not throw. */
  end(): void
}

const observers = new WeakMap<AbortSignal, WaitObserver>()
const parents = new WeakMap<AbortSignal, AbortSignal>()

export const observeWaiting = (signal: AbortSignal, observer: WaitObserver): void =>
  void observers.set(signal, observer)

/** Aborts with either; whoever observes the first observes this one too. */
export function childSignal(signal: AbortSignal, stop: AbortSignal): AbortSignal {
  const child = AbortSignal.any([signal, stop])
  parents.set(child, signal)
  return child
}

export function waitObserver(signal: AbortSignal): WaitObserver | undefined {
  for (let at: AbortSignal | undefined = signal; at !== undefined; at = parents.get(at)) {
    const found = observers.get(at)
    if (found !== undefined) return found
  }
  return undefined
}
