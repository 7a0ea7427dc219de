// `cairn shutdown`: asks the daemon to stop, and waits until it has.

import { setTimeout as sleep } from 'node:timers/promises'
import { CairnError } from '../../src/errors.ts'
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
    const { isDaemonLocked } = await import('../open.ts')
    const deadline = performance.now() + GIVE_UP_MS
    while (isDaemonLocked(session.repo)) {
      if (performance.now() > deadline) throw new CairnError('TIMEOUT', 'the daemon does not stop')
      await sleep(POLL_MS, undefined, { signal })
    }
    print(context, { json: { stopped: true }, text: 'the daemon has stopped' })
  },
})
