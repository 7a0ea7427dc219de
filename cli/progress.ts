// Progress on a terminal: one line, redrawn at most ten times a second, with the rate of the last five seconds.

import { escapeName } from '../src/dag/names.ts'
import type { Out } from './io.ts'
import { progressLine } from './view/progress.ts'

const REDRAW_MS = 100
const WINDOW_MS = 5000
/** Nothing is drawn for what is over before anyone could read it. */
const QUIET_MS = 300

export interface Progress extends Disposable {
  readonly enabled: boolean
  update(state: { done: number; total?: number; unit?: string; note?: string }): void
  /** Takes the line away, so that something else can be written; the next update draws it again. */
  clear(): void
}

export interface ProgressOptions {
  readonly out: Out
  readonly label: string
  /** False: nothing is ever drawn. */
  readonly enabled: boolean
  readonly now?: () => number
}

export function createProgress({ out, label, enabled, now = () => performance.now() }: ProgressOptions): Progress {
  const startedAt = now()
  const samples = [{ at: startedAt, done: 0 }]
  let drawnAt = startedAt + QUIET_MS - REDRAW_MS
  let isShown = false
  const clear = (): void => {
    if (isShown) out.write('\r\x1b[K')
    isShown = false
  }
  return {
    enabled,
    update({ done, note, ...state }) {
      const at = now()
      if (!enabled || at - drawnAt < REDRAW_MS) return
      drawnAt = at
      samples.push({ at, done })
      while (samples.length > 2 && at - (samples[0]?.at ?? at) > WINDOW_MS) samples.shift()
      const first = samples[0] ?? { at, done }
      const perSecond = at > first.at ? ((done - first.done) / (at - first.at)) * 1000 : 0
      const shown = note === undefined ? undefined : escapeName(note)
      out.write(`\r\x1b[K${progressLine({ ...state, label, done, note: shown, perSecond }, out.columns)}`)
      isShown = true
    },
    clear,
    [Symbol.dispose]: clear,
  }
}
