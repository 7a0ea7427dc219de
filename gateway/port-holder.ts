// Which process listens on a TCP port, as far as Linux tells us: /proc/net/tcp names the socket, /proc/<pid>/fd its owner.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export interface PortHolder {
  readonly pid: number
  readonly command: string
}

/** Undefined where it cannot be known: not Linux, or a process of another user. */
export function findPortHolder(port: number): PortHolder | undefined {
  const inodes = new Set([...listeningInodes('/proc/net/tcp', port), ...listeningInodes('/proc/net/tcp6', port)])
  if (inodes.size === 0) return undefined
  for (const pid of list('/proc').filter(name => /^\d+$/.test(name))) {
    for (const fd of list(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(link(`/proc/${pid}/fd/${fd}`))?.[1]
      if (inode !== undefined && inodes.has(inode)) return { pid: Number(pid), command: commandOf(pid) }
    }
  }
  return undefined
}

const LISTEN = '0A'

function listeningInodes(table: string, port: number): string[] {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return read(table)
    .split('\n')
    .map(line => line.trim().split(/\s+/))
    .filter(fields => fields[1]?.endsWith(wanted) && fields[3] === LISTEN)
    .map(fields => fields[9] ?? '')
}

function commandOf(pid: string): string {
  const [program = '', script = ''] = read(`/proc/${pid}/cmdline`).split('\0')
  const name = (path: string) => path.slice(path.lastIndexOf('/') + 1)
  return name(program) === 'node' && script !== '' ? `node ${name(script)}` : name(program) || 'another process'
}

// Processes end while we look, and not all may be looked into.
const read = (path: string): string => attempt(() => readFileSync(path, 'utf8'), '')
const list = (path: string): string[] => attempt(() => readdirSync(path), [])
const link = (path: string): string => attempt(() => readlinkSync(path), '')

function attempt<T>(look: () => T, otherwise: T): T {
  try {
    return look()
  } catch {
    return otherwise
  }
}
