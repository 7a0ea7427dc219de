// What can go wrong with a local file while it is read, in the two ways the user can act on.

import { CairnError, isCairnError } from '../../errors.ts'

/** It was there when the folder was listed, or was of another kind. */
const CHANGED = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ENXIO'])

export const sourceChanged = (path: string, how: string, cause?: unknown): CairnError =>
  new CairnError('SOURCE_CHANGED', `${path} ${how} while it was read`, { cause })

export const readFailed = (path: string, why: string, cause?: unknown): CairnError =>
  new CairnError('READ_FAILED', `cannot read ${path}: ${why}`, { cause })

/** For errors of the file system only: what a sink throws must never be taken for a bad file. */
export function sourceError(path: string, cause: unknown): CairnError {
  if (isCairnError(cause)) return cause
  const { code = '', message } = cause instanceof Error ? (cause as NodeJS.ErrnoException) : { message: String(cause) }
  if (CHANGED.has(code)) return sourceChanged(path, code === 'ENOENT' ? 'vanished' : 'became something else', cause)
  const why = code === 'EACCES' || code === 'EPERM' ? 'permission denied' : message
  return readFailed(path, why, cause)
}

export const isSourceError = (error: unknown): error is CairnError =>
  isCairnError(error, 'SOURCE_CHANGED') || isCairnError(error, 'READ_FAILED')

/** For each single call into the file system. */
export function attempt<T>(path: string, action: () => T): T {
  try {
    return action()
  } catch (cause) {
    throw sourceError(path, cause)
  }
}
