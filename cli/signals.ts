// Ctrl-C and termination: the first asks the command to end cleanly, the second ends the process at once.

import { CairnError } from '../src/errors.ts'

const NUMBERS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const
type Stopping = keyof typeof NUMBERS

/** One key press reaches a child of bin.js twice, from the terminal and relayed: not a second wish. */
const SAME_PRESS_MS = 100

export interface SignalWatch {
  /** 130, 143 or 129 once a signal has come. */
  exitCode(): number | undefined
  stop(): void
}

export function watchSignals(controller: AbortController): SignalWatch {
  let received: Stopping | undefined
  let receivedAt = 0
  const onSignal = (signal: Stopping): void => {
    const isRelayed = process.env.CAIRN_RELAYED !== undefined && performance.now() - receivedAt < SAME_PRESS_MS
    if (received !== undefined && isRelayed) return
    if (received !== undefined) process.exit(128 + NUMBERS[signal])
    received = signal
    receivedAt = performance.now()
    const what = signal === 'SIGINT' ? 'interrupted' : `stopped by ${signal}`
    controller.abort(
      new CairnError('CANCELLED', what, { hint: 'what was finished is kept; run it again for the rest' }),
    )
  }
  const names = Object.keys(NUMBERS) as Stopping[]
  for (const name of names) process.on(name, onSignal)
  return {
    exitCode: () => (received === undefined ? undefined : 128 + NUMBERS[received]),
    stop: () => {
      for (const name of names) process.off(name, onSignal)
    },
  }
}
