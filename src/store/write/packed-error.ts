// Errors as data between threads: a structured clone would lose their code and their hint.

import { CairnError, type ErrorCode, toCairnError } from '../../errors.ts'

export interface PackedError {
  readonly code: ErrorCode
  readonly message: string
  readonly hint: string
  readonly cause: unknown
}

export function packError(error: unknown): PackedError {
  const { code, message, hint, cause } = toCairnError(error)
  return { code, message, hint, cause }
}

export const unpackError = ({ code, message, hint, cause }: PackedError): CairnError =>
  new CairnError(code, message, { hint, cause })
