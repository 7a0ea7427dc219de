// Every way Cairn can fail, in one table: the code, what HTTP and the shell are told, and what the user can do.

import type { CID } from 'multiformats/cid'

interface ErrorKind {
  /** HTTP status on the gateway. The Kubo RPC has rules of its own (`gateway/rpc/respond.ts`). */
  readonly status: number
  /** Exit code of the command line; documented in `cairn help exit-codes`. */
  readonly exit: number
  /** One line for the user: what to do now. May be empty. */
  readonly hint: string
}

const kind = (status: number, exit: number, hint = ''): ErrorKind => ({ status, exit, hint })

export const ERRORS = {
  // What the caller said
  USAGE: kind(400, 2, 'see `cairn help`'),
  BAD_CONFIG: kind(500, 2, 'check it with `cairn config check`'),
  BAD_CID: kind(400, 2, 'a CID looks like bafy… or Qm…; check that it was copied whole'),
  BAD_PATH: kind(400, 2, 'a content path looks like /ipfs/<cid>/folder/file'),
  BAD_NAME: kind(400, 2, 'a name looks like k51… or like docs.ipfs.tech'),
  BAD_RANGE: kind(416, 2),
  BAD_REQUEST: kind(400, 2),
  UNSUPPORTED_CODEC: kind(400, 2, 'ask for the raw block (`cairn block get`, `?format=raw`) or a CAR instead'),
  UNSUPPORTED_HASH: kind(400, 2, 'Cairn takes sha2, sha3, keccak, blake2, blake3 and identity'),
  NOT_ACCEPTABLE: kind(406, 2),
  METHOD_NOT_ALLOWED: kind(405, 2),
  PRECONDITION_FAILED: kind(412, 2),
  URI_TOO_LONG: kind(414, 2),
  NOT_IMPLEMENTED: kind(501, 2),
  FORBIDDEN: kind(403, 7),
  NOT_SIGNED: kind(403, 7, 'ask whoever gave you the address for a signed one, or a new one'),
  WRONG_HOST: kind(421, 2),
  BLOCKED: kind(410, 7, 'the operator of this node does not serve this content'),

  // What is not there
  NO_LINK: kind(404, 4, 'list what is there with `cairn ls`'),
  NOT_FOUND: kind(404, 4),
  BLOCK_NOT_LOCAL: kind(404, 4, 'start a node that is online, or import the content first'),
  UNREACHABLE: kind(504, 5, 'try again, or connect to a peer that has it: `cairn swarm connect`'),
  TIMEOUT: kind(504, 5, 'try again with a longer --timeout'),
  NAME_NOT_FOUND: kind(502, 4, 'check how the name is written; its owner may have to publish it again'),
  NOT_PINNED: kind(404, 4, '`cairn pin ls` shows what is pinned'),

  // What is wrong with the bytes
  HASH_MISMATCH: kind(502, 6, 'the source is broken or lies; fetch the content elsewhere'),
  CORRUPT_BLOCK: kind(500, 6, 'see what is damaged, and mend it: `cairn repo check --read-data --repair`'),
  BAD_CAR: kind(400, 6, 'the CAR is damaged or cut short; make it again with `dag export`'),
  BAD_RECORD: kind(500, 6, 'only the owner of the key can publish a better one'),
  STALE_RECORD: kind(409, 6, 'a newer record of this name is stored already'),
  BAD_DNSLINK: kind(500, 6, 'the owner of the domain has to mend its TXT records'),
  BAD_REDIRECTS: kind(500, 6, 'the owner of the site has to mend its _redirects file'),
  BAD_BLOCK: kind(422, 6, 'the block cannot be read as what its CID says it is'),
  UNSAFE_NAME: kind(
    422,
    7,
    'such a name cannot become a file here; rename it at its source, or fetch it alone with -o',
  ),
  NOT_A_FILE: kind(400, 2, 'list it with `cairn ls`, or fetch the whole with `cairn get`'),
  NOT_A_DIRECTORY: kind(400, 2),
  IS_DIRECTORY: kind(400, 2, 'list it with `cairn ls`, or fetch the whole with `cairn get`'),

  // What would be too much
  TOO_LARGE: kind(410, 8),
  LIMIT: kind(413, 8, 'the limits and their config keys: docs/limits.md'),
  NAME_LOOP: kind(400, 8, 'the names point to one another; their owners have to mend them'),
  TOO_MANY_REQUESTS: kind(429, 5, 'wait, then try again'),
  NO_SPACE: kind(507, 8, 'free the disk, unpin something and run `cairn gc`, or raise store.max'),

  // What is wrong with the machine or the repository
  NO_REPO: kind(500, 10, 'make one with `cairn init`'),
  REPO_LOCKED: kind(500, 11, 'another daemon runs on this repository; stop it with `cairn shutdown`'),
  REPO_NEWER: kind(500, 10, 'install the newer Cairn that wrote this repository'),
  REPO_DAMAGED: kind(500, 10, 'run `cairn repo check`'),
  REPO_UNSUITABLE: kind(500, 10, 'put the repository on a local disk: --repo or $CAIRN_REPO'),
  READ_ONLY: kind(503, 8, 'the disk refused a write that was to be durable; look at the system log, then restart'),
  UNWRITABLE: kind(500, 2, 'choose a place that is there and that you may write to'),
  NOT_PERMITTED: kind(500, 7, 'run it as the user who owns the repository and the files'),
  PORT_IN_USE: kind(500, 2),
  NO_DAEMON: kind(503, 12, 'start one with `cairn daemon`'),
  SHUTTING_DOWN: kind(503, 5, 'wait until the node is back'),
  SOURCE_CHANGED: kind(500, 3, 'add it again when nothing writes to it'),
  READ_FAILED: kind(500, 3, 'check that it is a file, a folder or a symlink, and that it may be read'),
  PARTIAL: kind(500, 3, 'what failed is listed above; the rest is done'),
  CANCELLED: kind(499, 130),
  INTERNAL: kind(500, 1, 'this is a bug; please report it with the output of --log-level debug'),
} as const satisfies Record<string, ErrorKind>

export type ErrorCode = keyof typeof ERRORS

export interface ErrorDetails {
  readonly cause?: unknown
  /** Replaces the table's hint where the place of the failure knows better. */
  readonly hint?: string
  /** What was tried, in order; shown by error pages and `--json`. */
  readonly tried?: readonly string[]
  /** The block it is about, where it is about one (the RPC has to name it in words of its own). */
  readonly cid?: CID
}

/** A failure that Cairn expects and can explain. Matched by `code`, never by message. */
export class CairnError extends Error {
  override readonly name = 'CairnError'
  readonly code: ErrorCode
  readonly status: number
  readonly exit: number
  readonly hint: string
  readonly tried: readonly string[]
  readonly cid: CID | undefined

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.status = ERRORS[code].status
    this.exit = ERRORS[code].exit
    this.hint = details.hint ?? ERRORS[code].hint
    this.tried = details.tried ?? []
    this.cid = details.cid
  }
}

/** True for one of our errors, of that code if one is given; survives a second copy of this module. */
export function isCairnError(error: unknown, code?: ErrorCode): error is CairnError {
  return (
    error instanceof Error && error.name === 'CairnError' && (code === undefined || (error as CairnError).code === code)
  )
}

/** Any thrown value as a CairnError: ours as it is, aborts and known system errors by their meaning, the rest INTERNAL. */
export function toCairnError(error: unknown): CairnError {
  if (isCairnError(error)) return error
  // What failed first is the reason; that cleaning up after it failed too is mostly its echo.
  if (error instanceof Error && error.name === 'SuppressedError' && 'suppressed' in error)
    return toCairnError(error.suppressed)
  const cause = error instanceof Error ? error : new Error(String(error))
  const system = SYSTEM_ERRORS[(cause as NodeJS.ErrnoException).code ?? '']
  if (system !== undefined) return new CairnError(system, cause.message, { cause })
  if (cause.name === 'TimeoutError') return new CairnError('TIMEOUT', 'it took too long', { cause })
  if (cause.name === 'AbortError') return new CairnError('CANCELLED', 'cancelled', { cause })
  return new CairnError('INTERNAL', cause.message, { cause })
}

const SYSTEM_ERRORS: Record<string, ErrorCode> = {
  ENOSPC: 'NO_SPACE',
  EDQUOT: 'NO_SPACE',
  EROFS: 'READ_ONLY',
  EIO: 'READ_ONLY',
  // Passes when somebody else is done with theirs.
  EMFILE: 'TOO_MANY_REQUESTS',
  ENFILE: 'TOO_MANY_REQUESTS',
  EACCES: 'NOT_PERMITTED',
  EPERM: 'NOT_PERMITTED',
  ABORT_ERR: 'CANCELLED',
}
