// What SQLite's result codes mean to Cairn; node:sqlite gives the extended code as `errcode`.

import { CairnError } from '../../errors.ts'

const BUSY = 5
const READONLY = 8
const IOERR = 10
const CORRUPT = 11
const FULL = 13
const CANTOPEN = 14
const NOTADB = 26

/** IOERR_SHMSIZE: the shared memory of the WAL could not grow, as the disk is full. */
const SHM_SIZE = IOERR | (19 << 8)
/** What concerns memory and locks (NOMEM, BLOCKED, RDLOCK, UNLOCK, LOCK, CHECKRESERVEDLOCK, SHMLOCK, SHMMAP, SHMOPEN, GETTEMPPATH) says nothing of the bytes on the disk. */
const NOT_THE_DISK = new Set([8, 9, 11, 12, 14, 15, 18, 20, 21, 25].map(detail => IOERR | (detail << 8)))

/** The extended result code; undefined if the error is not SQLite's. */
function extendedCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined
  return error.errcode
}

/** The primary result code. */
function resultCode(error: unknown): number | undefined {
  const code = extendedCode(error)
  if (code === SHM_SIZE) return FULL
  return code === undefined ? undefined : code & 0xff
}

export const isBusy = (error: unknown): boolean => resultCode(error) === BUSY
export const isFull = (error: unknown): boolean => resultCode(error) === FULL

/** On a disk that is full to the last byte the shared memory of the WAL cannot be made: SQLite then says one of these. */
export const mayBeFull = (error: unknown): boolean => [FULL, IOERR, CANTOPEN].includes(resultCode(error) ?? 0)

/** The disk refused a read, a write or a sync: what the connection believes of its files can no longer be trusted. */
export const isDiskFailure = (error: unknown): boolean =>
  resultCode(error) === IOERR && !NOT_THE_DISK.has(extendedCode(error) ?? 0)

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
      return damaged(file, { cause: error })
    default:
      return error
  }
}

export function damaged(file: string, { what, cause }: { what?: string; cause?: unknown } = {}): CairnError {
  const hint = 'make it anew from the packs, the block files and the daily backup: `cairn repo rebuild`'
  return new CairnError('REPO_DAMAGED', `${file} is damaged${what === undefined ? '' : `: ${what}`}`, { cause, hint })
}

/** As `explainSqlite`, for what is wrong with the database itself and nothing else: the rest has a meaning for who tries again. */
export const explainDamage = (error: unknown, file: string): unknown =>
  [CORRUPT, NOTADB].includes(resultCode(error) ?? 0) ? explainSqlite(error, file) : error
