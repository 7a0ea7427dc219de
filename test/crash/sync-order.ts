// The order in which things must become durable (spec: store §4.4), as rules over the log of one process's system calls.

import { join } from 'node:path'
import type { Call } from './strace.ts'

export interface TracedRun {
  readonly name: string
  readonly repo: string
  readonly calls: readonly Call[]
  /** The cache writes files that it does not sync: nobody was promised them. */
  readonly caches?: boolean
  /** The folder of a backup that it makes. */
  readonly copy?: string
}

export interface Rule {
  readonly name: string
  /** Every place where it is broken, as text. */
  readonly broken: (run: TracedRun) => string[]
  /** How often it had something to say: a rule that never applies proves nothing. */
  readonly applies: (run: TracedRun) => number
  /** Makes a log in which it is broken out of one in which it is kept. */
  readonly doctor: (run: TracedRun) => readonly Call[]
}

const WRITES = new Set(['write', 'pwrite64', 'writev', 'pwritev', 'pwritev2', 'ftruncate'])
const SYNCS = new Set(['fsync', 'fdatasync'])

const isWal = ({ repo }: TracedRun, { path }: Call): boolean => path === join(repo, 'cairn.db-wal')
const isPack = ({ repo }: TracedRun, { path }: Call): boolean =>
  path.startsWith(join(repo, 'packs/')) && path.endsWith('.pack')
const isTemp = ({ repo }: TracedRun, { path }: Call): boolean =>
  path.startsWith(join(repo, 'blocks/')) && path.endsWith('.tmp')
const inBlocks = ({ repo }: TracedRun, { path }: Call): boolean => path.startsWith(join(repo, 'blocks/'))
const isWalWrite = (run: TracedRun, call: Call): boolean => call.name === 'pwrite64' && isWal(run, call)
const succeeded = ({ result }: Call): boolean => result !== undefined && !/^[-?]/.test(result)
/** What another process or person can read: a CID on a pipe, a terminal or a socket. */
export const isAnswer = ({ repo }: TracedRun, { name, path, args }: Call): boolean =>
  name.startsWith('write') && !path.startsWith(repo) && CHANNEL.test(path) && ANSWER.test(args)
/** The answer of a backup names its folder. */
const isCopyAnswer = ({ copy, repo }: TracedRun, { name, path, args }: Call): boolean =>
  copy !== undefined && name.startsWith('write') && !path.startsWith(repo) && CHANNEL.test(path) && args.includes(copy)
const CHANNEL = /pipe|socket|TCP|UNIX/
const ANSWER = /\b(?:baf[a-z2-7]{50,}|Qm\w{44})/

/** Files written and not yet synced, as of the beginning of each call: a sync counts from its end, and for what had been written at its beginning. */
function* withUnsynced(run: TracedRun, isMeant: (call: Call) => boolean): Generator<{ call: Call; dirty: Call[] }> {
  const meant = run.calls.filter(call => isMeant(call) && succeeded(call))
  const writes = meant.filter(({ name }) => WRITES.has(name))
  const syncs = meant.filter(({ name }) => SYNCS.has(name))
  for (const call of run.calls) {
    const before = writes.filter(({ begin, path }) => begin < call.begin && path !== call.path)
    const dirty = before.filter(
      write => !syncs.some(sync => sync.path === write.path && sync.begin >= write.end && sync.end < call.begin),
    )
    yield { call, dirty }
  }
}

const at = (run: TracedRun, call: Call, what: string): string =>
  `${run.name}, line ${call.begin + 1}: ${call.name} of ${call.path}: ${what}`

/** `needed` must have succeeded between the end of `first` and the first write of the WAL after it. */
function neededBeforeWal(run: TracedRun, firsts: readonly Call[], folderOf: (call: Call) => string): string[] {
  return firsts.flatMap(first => {
    const wal = run.calls.find(call => call.begin > first.end && isWalWrite(run, call))
    const folder = folderOf(first)
    const synced = run.calls.some(
      call =>
        SYNCS.has(call.name) &&
        call.path === folder &&
        succeeded(call) &&
        call.begin >= first.end &&
        (wal === undefined || call.end < wal.begin),
    )
    return synced ? [] : [at(run, first, `${folder} was not synced before the transaction`)]
  })
}

const without = (run: TracedRun, drop: (call: Call) => boolean): Call[] => run.calls.filter(call => !drop(call))
const parent = (path: string): string => path.slice(0, path.lastIndexOf('/'))

const packWrites = (run: TracedRun) => run.calls.filter(call => isPack(run, call) && WRITES.has(call.name))
const renames = (run: TracedRun) => run.calls.filter(call => call.name.startsWith('rename') && isTemp(run, call))
const newPacks = (run: TracedRun) =>
  run.calls.filter(call => call.name === 'openat' && isPack(run, call) && /O_CREAT.*O_TRUNC/.test(call.args))
const unlinks = (run: TracedRun) =>
  run.calls.filter(call => call.name.startsWith('unlink') && (isPack(run, call) || call.path.endsWith('.data')))
const gonePacks = (run: TracedRun) => unlinks(run).filter(call => isPack(run, call) && succeeded(call))
const answers = (run: TracedRun) => run.calls.filter(call => isAnswer(run, call))

const inCopy = ({ copy }: TracedRun, { path }: Call): boolean =>
  copy !== undefined && (path === copy || path.startsWith(`${copy}/`))
/** SQLite's own working files are gone when it is done. */
const lasting = ({ path }: Call): boolean => !/-(?:wal|shm|journal)$|\.lock$/.test(path)
const copied = (run: TracedRun) =>
  run.calls.filter(call => inCopy(run, call) && WRITES.has(call.name) && succeeded(call) && lasting(call))
const named = (run: TracedRun) =>
  run.calls.filter(
    call => inCopy(run, call) && succeeded(call) && (call.name.startsWith('rename') || call.name === 'mkdir'),
  )

export const RULES: readonly Rule[] = [
  {
    name: 'the bytes of a pack are synced before the WAL is written',
    applies: run => packWrites(run).length,
    broken: run => {
      const early = [...withUnsynced(run, call => isPack(run, call))].filter(({ call }) => isWalWrite(run, call))
      const unsynced = new Map(early.flatMap(({ call, dirty }) => dirty.map(write => [write, call] as const)))
      return [...unsynced].map(([write, call]) => at(run, write, `not synced at line ${call.begin + 1}`))
    },
    doctor: run => without(run, call => SYNCS.has(call.name) && isPack(run, call)),
  },
  {
    name: 'a new pack has its name synced before the WAL is written',
    applies: run => newPacks(run).length,
    broken: run => neededBeforeWal(run, newPacks(run), ({ path }) => parent(path)),
    doctor: run => without(run, call => SYNCS.has(call.name) && call.path === join(run.repo, 'packs')),
  },
  {
    name: 'a file is synced before it gets its name',
    applies: run => (run.caches === true ? 0 : renames(run).length),
    broken: run =>
      run.caches === true
        ? []
        : [...withUnsynced(run, call => isTemp(run, call))].flatMap(({ call }) => {
            if (!renames(run).includes(call)) return []
            const written = run.calls.filter(c => c.path === call.path && WRITES.has(c.name)).at(-1)
            const synced = run.calls.some(
              c => c.path === call.path && SYNCS.has(c.name) && c.begin >= (written?.end ?? 0) && c.end < call.begin,
            )
            return synced ? [] : [at(run, call, 'its bytes were not synced')]
          }),
    doctor: run => without(run, call => SYNCS.has(call.name) && isTemp(run, call)),
  },
  {
    name: 'the folder of a named file is synced before the WAL is written',
    applies: run => (run.caches === true ? 0 : renames(run).length),
    broken: run => (run.caches === true ? [] : neededBeforeWal(run, renames(run), ({ path }) => parent(path))),
    doctor: run => without(run, call => call.name === 'fsync' && inBlocks(run, call)),
  },
  {
    // Whoever made that folder: it may have been the cache, or a process that died.
    name: 'the folder of a named file is itself named durably, by this process, before the WAL is written',
    applies: run => (run.caches === true ? 0 : renames(run).length),
    broken: run => {
      const synced = run.calls.find(call => SYNCS.has(call.name) && call.path === join(run.repo, 'blocks'))
      return (run.caches === true ? [] : renames(run)).flatMap(call =>
        synced !== undefined && synced.end < call.begin ? [] : [at(run, call, 'blocks/ was not synced')],
      )
    },
    doctor: run => without(run, call => call.name === 'fsync' && call.path === join(run.repo, 'blocks')),
  },
  {
    name: 'the WAL is synced before anybody is answered',
    applies: run => answers(run).length,
    broken: run =>
      [...withUnsynced(run, call => isWal(run, call) || isPack(run, call))].flatMap(({ call, dirty }) =>
        isAnswer(run, call) && dirty[0] !== undefined ? [at(run, dirty[0], 'not synced when it was answered')] : [],
      ),
    doctor: run => without(run, call => SYNCS.has(call.name) && isWal(run, call)),
  },
  {
    name: 'something was written before anybody is answered',
    applies: run => answers(run).length,
    broken: run =>
      answers(run).flatMap(call =>
        run.calls.some(other => isWalWrite(run, other) && other.end < call.begin) ? [] : [at(run, call, 'too early')],
      ),
    doctor: run => {
      const first = answers(run)[0]
      return first === undefined ? run.calls : [{ ...first, begin: -1, end: -1 }, ...without(run, c => c === first)]
    },
  },
  {
    name: 'bytes are unlinked only after the transaction that dropped their rows is synced',
    applies: run => unlinks(run).length,
    broken: run =>
      unlinks(run).flatMap(call => {
        const frames = run.calls.filter(other => isWalWrite(run, other) && other.end < call.begin)
        const synced = run.calls.filter(o => SYNCS.has(o.name) && isWal(run, o) && o.end < call.begin).at(-1)
        return synced !== undefined && frames.every(({ end }) => end <= synced.begin) && frames.length > 0
          ? []
          : [at(run, call, 'the WAL was not synced before')]
      }),
    doctor: run => {
      const gone = unlinks(run)[0]
      const wal = run.calls.filter(call => gone !== undefined && isWalWrite(run, call) && call.end < gone.begin).at(-1)
      if (gone === undefined || wal === undefined) return run.calls
      return run.calls.map(call => (call === gone ? { ...call, begin: wal.end + 0.5, end: wal.end + 0.5 } : call))
    },
  },
  {
    // Else a cut gives it back, and nobody knows it any more.
    name: 'that a pack is gone is synced before the WAL is written',
    applies: run => gonePacks(run).length,
    broken: run => neededBeforeWal(run, gonePacks(run), ({ path }) => parent(path)),
    doctor: run => without(run, call => SYNCS.has(call.name) && call.path === join(run.repo, 'packs')),
  },
  {
    name: 'the files of a backup are synced before it is said to be made',
    applies: run => copied(run).length,
    broken: run => {
      const [answer] = run.calls.filter(call => isCopyAnswer(run, call))
      return copied(run).flatMap(write => {
        const isSynced = (path: string, after: number) =>
          run.calls.some(
            c =>
              SYNCS.has(c.name) && c.path === path && c.begin >= after && c.end < (answer?.begin ?? 0) && succeeded(c),
          )
        return isSynced(write.path, write.end) ? [] : [at(run, write, 'not synced when the backup was said to be made')]
      })
    },
    doctor: run => without(run, call => SYNCS.has(call.name) && inCopy(run, call)),
  },
  {
    name: 'the names of a backup are synced before it is said to be made',
    applies: run => named(run).length,
    broken: run => {
      const [answer] = run.calls.filter(call => isCopyAnswer(run, call))
      return named(run).flatMap(call => {
        const folder = parent(call.to ?? call.path)
        const synced = run.calls.some(
          c => SYNCS.has(c.name) && c.path === folder && c.begin >= call.end && c.end < (answer?.begin ?? 0),
        )
        return synced ? [] : [at(run, call, `${folder} was not synced after it`)]
      })
    },
    doctor: run => without(run, call => call.name === 'fsync' && call.path === run.copy),
  },
]
