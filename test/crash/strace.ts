// strace: the arguments that trace or kill at one system call, and its log as data.

import { spawnSync } from 'node:child_process'

/** What changes a disk, or makes a change last. */
export const WRITING = [
  ...['openat', 'write', 'pwrite64', 'writev', 'pwritev', 'pwritev2', 'fsync', 'fdatasync', 'rename', 'renameat'],
  ...['renameat2', 'unlink', 'unlinkat', 'ftruncate', 'fallocate', 'mkdir', 'mkdirat', 'rmdir', 'link', 'linkat'],
] as const

export interface Call {
  readonly pid: number
  readonly thread: string
  readonly name: string
  /** Of the descriptor, else of the first path argument. */
  readonly path: string
  /** The other path of a rename or link. */
  readonly to: string | undefined
  readonly args: string
  /** `?` if it was killed in it; undefined if the log ends before. */
  readonly result: string | undefined
  /** Lines of the log: other threads may stand between the two. */
  readonly begin: number
  readonly end: number
}

/** Undefined if it is there; else why not, to be said where something is left out for want of it. */
export function whyNoStrace(): string | undefined {
  const { error, status } = spawnSync('strace', ['-o', '/dev/null', 'true'])
  if (error !== undefined) return 'strace is not installed'
  return status === 0 ? undefined : 'strace may not trace here'
}

/** `when` counts the calls of one thread that match; by a path they are those of one file. */
export interface KillAt {
  readonly name: string
  readonly path: string
  readonly when: number
}

/** `shownBytes`: so much of what is written stands in the log. */
export const traceArgs = (log: string, shownBytes = 8): string[] => [
  ...['-f', '-y', '-Y', '-s', String(shownBytes), '-o', log, '-e', `trace=${WRITING}`],
]

// Without --seccomp-bpf: strace 6.1 injects nothing with it.
export const killArgs = (log: string, { name, path, when }: KillAt): string[] => [
  ...['-f', '-y', '-Y', '-s', '8', '-o', log, '-P', path],
  ...['-e', `trace=${name}`, '-e', `inject=${name}:signal=SIGKILL:when=${when}`],
]

const LINE = /^(\d+)<([^>]*)>\s+(?:<\.\.\. (\w+) resumed>|(\w+)\()(.*)$/

/** The calls in the order in which they began; a call that others interrupt stands where it began, with its result. */
export function parseLog(text: string): Call[] {
  const calls: Call[] = []
  const unfinished = new Map<string, number>()
  for (const [at, line] of text.split('\n').entries()) {
    const [, pid, thread = '', resumed, name = '', rest = ''] = LINE.exec(line) ?? []
    if (pid === undefined) continue
    const key = `${pid} ${resumed ?? name}`
    if (resumed !== undefined) {
      const index = unfinished.get(key)
      const call = index === undefined ? undefined : calls[index]
      if (index !== undefined && call !== undefined) calls[index] = { ...call, result: resultOf(rest), end: at }
      unfinished.delete(key)
      continue
    }
    if (rest.includes('<unfinished ...>')) unfinished.set(key, calls.length)
    calls.push({
      pid: Number(pid),
      thread,
      name,
      ...pathsOf(rest),
      args: rest,
      result: resultOf(rest),
      begin: at,
      end: at,
    })
  }
  return calls
}

const resultOf = (text: string): string | undefined => /\)\s+= (-?\d+|\?)/.exec(text)?.[1]

/** `23</repo/cairn.db-wal>`, `"/repo/x"`, or `AT_FDCWD</cwd>, "/repo/x"`. */
function pathsOf(args: string): { path: string; to: string | undefined } {
  const descriptor = /^\d+<([^>]*)>/.exec(args)?.[1]
  if (descriptor !== undefined && !/^\d+<[^>]*>, "\//.test(args)) return { path: descriptor, to: undefined }
  const named = [...args.matchAll(/"(\/[^"]*)"/g)].map(([, path]) => path ?? '')
  return { path: descriptor !== undefined && named.length === 0 ? descriptor : (named[0] ?? ''), to: named[1] }
}
