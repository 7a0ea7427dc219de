// What SQLite's result codes mean to Cairn; node:sqlite gives the extended code as `errcode`.

import { CairnError } from '../../errors.ts'

const BUSY = 5
const READONLY = 8
const IOERR = 10
const CORRUPT = 11
const FULL = 13
const CANTOPEN = 14
const NOTADB = 26

/** The primary result code; undefined if the error is not SQLite's. */
function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined
  return error.errcode & 0xff
}

export const isBusy = (error: unknown): boolean => resultCode(error) === BUSY
export const isFull = (error: unknown): boolean => resultCode(error) === FULL

/** On a disk that is full to the last byte the shared memory of the WAL cannot be made: SQLite then says one of these. */
export const mayBeFull = (error: unknown): boolean => [FULL, IOERR, CANTOPEN].includes(resultCode(error) ?? 0)

/** The disk refused a write or a sync: what the connection believes of its files can no longer be trusted. */
export const isDiskFailure = (error: unknown): boolean => resultCode(error) === IOERR

/** A CairnError where SQLite's code has a meaning for the user, else the error as it is. */
export function explainSqlite(error: unknown, file: string): unknown {
  switch (resultCode(error)) {
    case FULL:
      return new CairnError('NO_SPACE', `the disk is full: ${file} could not be written`, { cause: error })
    case READONLY:
      return new CairnError('READ_ONLY', `${file} is read-only`, { cause: error, hint: 'make the repository writable' })
    case IOERR:
      return new CairnError('READ_ONLY', `the disk failed under ${file}`, { cause: error })
    case CANTOPEN:
      return new CairnError('REPO_UNSUITABLE', `${file} cannot be opened`, {
        cause: error,
        hint: 'look at the permissions of the repository, and whether its disk is full',
      })
    case CORRUPT:
    case NOTADB:
      return new CairnError('REPO_DAMAGED', `${file} is damaged`, { cause: error })
    default:
      return error
  }
}
