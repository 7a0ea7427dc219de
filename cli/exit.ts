// Exit codes: what each means, and how a failure becomes one.

import { type CairnError, ERRORS, isCairnError, toCairnError } from '../src/errors.ts'

/** Any other number but 0 is a failure too. */
export const EXIT_CODES: Readonly<Record<number, string>> = {
  0: 'done',
  1: 'an unexpected failure: a bug, please report it',
  2: 'the command line or the configuration is wrong',
  3: 'done in part: what failed is listed',
  4: 'not found, here or on the network',
  5: 'timed out or unreachable: trying again may help',
  6: 'verification failed: bytes do not match their CID, or are damaged',
  7: 'refused: by a pin, a rule or a policy',
  8: 'no space, or a limit was reached',
  10: 'there is no usable repository',
  11: 'another process holds the repository',
  12: 'a running daemon is needed and there is none',
  130: 'interrupted (Ctrl-C)',
  141: 'whoever read the output has gone',
  143: 'terminated',
}

/** The error codes that end with an exit code, for the reference page. */
export const codesOf = (exit: number): string[] =>
  Object.entries(ERRORS)
    .filter(([, kind]) => kind.exit === exit)
    .map(([code]) => code)

/** What failed; an abort is explained by its reason (Ctrl-C, --timeout), which libraries often drop. */
export function explain(error: unknown, signal: AbortSignal): CairnError {
  if (!isCairnError(error) && signal.aborted && isAbort(error)) return toCairnError(signal.reason)
  if (isCairnError(error, 'CANCELLED') && signal.aborted) return toCairnError(signal.reason)
  return toCairnError(error)
}

const isAbort = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'AbortError' || (error as NodeJS.ErrnoException).code === 'ABORT_ERR')
