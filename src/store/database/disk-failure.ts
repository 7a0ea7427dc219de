// One failed sync concerns the whole process: every thread with a connection of its own is told (spec: store §7).

import { BroadcastChannel } from 'node:worker_threads'
import { CairnError } from '../../errors.ts'

export interface DiskFailures extends Disposable {
  /** For the other connections of this process to the same file. */
  tell(failure: CairnError): void
}

export function watchDiskFailures(file: string, onFailure: (failure: CairnError) => void): DiskFailures {
  const channel = new BroadcastChannel(`cairn-disk-failed ${file}`)
  // Errors lose their class between threads: what went wrong travels as text.
  channel.onmessage = event => {
    const { message, cause } = (event as { data: { message: string; cause: string } }).data
    onFailure(new CairnError('READ_ONLY', message, { cause: new Error(cause) }))
  }
  channel.unref()
  return {
    tell: ({ message, cause }) => channel.postMessage({ message, cause: String(cause) }),
    [Symbol.dispose]: () => channel.close(),
  }
}
