// The texts of failures: clients compare some of them word by word, so they are Kubo's (spec: kubo-rpc §1.6).

import { CairnError, type ErrorCode, isCairnError, toCairnError } from '../../src/errors.ts'

/** A failure whose text is to be sent exactly as it is. */
export const failure = (message: string, cause?: unknown): CairnError =>
  new CairnError('BAD_REQUEST', message, cause === undefined ? {} : { cause })

const TIME_IS_OVER = 'context deadline exceeded'

const TEXTS: Partial<Record<ErrorCode, string>> = {
  TIMEOUT: TIME_IS_OVER,
  CANCELLED: 'context canceled',
  IS_DIRECTORY: 'this dag node is a directory',
  NOT_A_FILE: 'unknown node type',
  SHUTTING_DOWN: 'node is shutting down',
}

const NOT_LOCAL = 'block was not found locally (offline): ipld: could not find'

/** What the RPC says of any failure; `signal` is that of the call, which knows whether its time was over. */
export function messageOf(error: unknown, signal: AbortSignal): string {
  const known = toCairnError(error)
  const isOver = signal.aborted && signal.reason instanceof Error && signal.reason.name === 'TimeoutError'
  // What a call throws when its time is over says only that something was aborted.
  if (isOver && known.code !== 'BAD_REQUEST') return TIME_IS_OVER
  if (known.code === 'BLOCK_NOT_LOCAL' && known.cid !== undefined) return `${NOT_LOCAL} ${known.cid}`
  return TEXTS[known.code] ?? known.message
}

/** For our own client: what went wrong behind a text that was made for Kubo's. */
export function originOf(error: unknown): CairnError {
  const known = toCairnError(error)
  return known.code === 'BAD_REQUEST' && isCairnError(known.cause) ? originOf(known.cause) : known
}

/** Puts Kubo's prefix (`pin: `) before whatever goes wrong in `work`. */
export async function withPrefix<T>(prefix: string, signal: AbortSignal, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw failure(prefix + messageOf(error, signal), error)
  }
}

/** Replaces a failure of one kind by another text. */
export async function onCode<T>(
  code: ErrorCode,
  work: Promise<T>,
  replace: (error: CairnError) => CairnError,
): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw isCairnError(error, code) ? replace(error) : error
  }
}
