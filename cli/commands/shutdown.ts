// `cairn shutdown`: asks the daemon to stop, and waits until it has.

import { setTimeout as sleep } from 'node:timers/promises'
import { CairnError } from '../../src/errors.ts'
import { takeLock } from '../../src/store/kernel-lock.ts'
import { repoPaths } from '../../src/store/paths.ts'
import { command as define } from '../command.ts'
import { print } from '../print.ts'

const POLL_MS = 25
/** Beyond `daemon.drain` of any sensible length: what lasts longer hangs. */
const GIVE_UP_MS = 120_000

export const command = define({
  args: [],
  flags: {},
  examples: ['cairn shutdown'],
  run: async context => {
    const { session, signal } = context
    const daemon = await session.needDaemon()
    await daemon.shutdown({ signal })
    const deadline = performance.now() + GIVE_UP_MS
    while (!hasStopped(session.repo)) {
      if (performance.now() > deadline) throw new CairnError('TIMEOUT', 'the daemon does not stop')
      await sleep(POLL_MS, undefined, { signal })
    }
    print(context, { json: { stopped: true }, text: 'the daemon has stopped' })
  },
})

/** Whether the lock that only a daemon holds can be had; the kernel frees it however the daemon ends. */
function hasStopped(repo: string): boolean {
  const lock = takeLock(repoPaths(repo).daemonLock)
  lock?.[Symbol.dispose]()
  return lock !== undefined
}
