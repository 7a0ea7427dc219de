// A process that does acts for its parent, and at one point of one of them stops itself until it is told to go on.

import { existsSync } from 'node:fs'
import { installPoints } from '../crash/points/points.ts'

export interface StopRequest {
  readonly act: string
  readonly path: string
  /** Where it stops: at this place, passed for the so-manieth time. */
  readonly stop?: { readonly place: string; readonly time: number }
}

export interface StopReply {
  /** Every place it passed, in order. */
  readonly passed: readonly string[]
  readonly error?: string | undefined
}

/** Beside the repository: once it is there, whoever is continued goes on. */
export const goFile = (path: string): string => `${path}.go`

if (process.send !== undefined) {
  // Before the product is loaded: what is patched must not be in memory yet.
  installPoints()
  const { ACTS } = await import('./acts.ts')
  const { placesOf } = await import('./places.ts')
  const { sleep } = await import('../../src/store/database/sleep.ts')
  process.on('message', async ({ act, path, stop }: StopRequest) => {
    const passed: string[] = []
    globalThis.cairnAtPoint = placesOf((place, time) => {
      passed.push(place)
      if (place !== stop?.place || time !== stop.time) return
      process.kill(process.pid, 'SIGSTOP')
      // The signal may come a moment later than the call returns.
      while (!existsSync(goFile(path))) sleep(1)
    })
    let error: string | undefined
    try {
      await ACTS.find(({ name }) => name === act)?.run(path, () => {})
    } catch (cause) {
      error = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
    }
    globalThis.cairnAtPoint = undefined
    const reply: StopReply = { passed, error }
    process.send?.(reply)
  })
}
