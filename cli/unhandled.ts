// Rejections that nobody awaits: known faults of libraries are logged and survived, anything else ends the process.

import { knownRejection } from '../src/net/known-rejections.ts'
import type { Logger } from '../src/observe/log.ts'

let isInstalled = false

/** For processes that may start a network. Without it Node ends the process for the libraries' faults too. */
export function surviveKnownRejections(log: Logger): void {
  if (isInstalled) return
  isInstalled = true
  process.on('unhandledRejection', error => {
    const known = knownRejection(error)
    if (known === undefined) {
      // State that is not understood must not go on serving.
      log.error('unexpected failure, stopping', { err: error })
      process.exit(1)
    }
    log.debug('a library let a rejection escape', { why: known.why, issue: known.issue, err: error })
  })
}
