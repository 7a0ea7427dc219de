// How much there is to add, counted in slices between the work, so that progress can tell what is left.

import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Enough for ten thousand files before the work begins; larger trees are counted on while it runs. */
const FIRST_SLICE_MS = 150
const SLICE_MS = 5
const BETWEEN_MS = 100
/** Entries between two looks at the clock. */
const STRIDE = 64

export interface InputCount {
  /** Undefined until everything is counted, and where that is not possible. */
  readonly bytes: number | undefined
  /** Counts on, if it is time to. */
  step(): void
}

export function countInput(
  paths: readonly string[],
  { enabled, hidden, now = () => performance.now() }: { enabled: boolean; hidden: boolean; now?: () => number },
): InputCount {
  let bytes = 0
  let isDone = false
  let isOff = !enabled || paths.includes('-')
  let dueAt = 0
  const walk = sizes(paths, hidden)
  const slice = (lengthMs: number): void => {
    const endAt = now() + lengthMs
    try {
      do {
        for (let i = 0; i < STRIDE && !isDone; i++) {
          const { value, done } = walk.next()
          if (done === true) isDone = true
          else bytes += value
        }
      } while (!isDone && now() < endAt)
    } catch {
      // The import itself meets the same trouble, and tells it.
      isOff = true
    }
    dueAt = now() + BETWEEN_MS
  }
  if (!isOff) slice(FIRST_SLICE_MS)
  return {
    get bytes() {
      return isDone && !isOff ? bytes : undefined
    },
    step() {
      if (!isOff && !isDone && now() >= dueAt) slice(SLICE_MS)
    },
  }
}

/** The size of every file, 0 for what is none. */
function* sizes(paths: readonly string[], hidden: boolean): Generator<number, void> {
  const waiting = [...paths]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const found = lstatSync(path)
    if (found.isDirectory()) {
      for (const name of readdirSync(path)) if (hidden || !name.startsWith('.')) waiting.push(join(path, name))
    }
    yield found.isFile() ? found.size : 0
  }
}
