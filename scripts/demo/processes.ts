// The processes of the demo: `cairn` as a user starts it, away from the user's own folders, never on more than loopback.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const BIN = join(import.meta.dirname, '../../cli/bin.js')
const READY_MS = 30_000
const COMMAND_MS = 600_000

export interface Daemon {
  readonly pid: number
  readonly repo: string
  readonly peerId: string
  readonly gateway: string
  readonly swarm: readonly string[]
  /** SIGKILL, and resolves when the process is gone. */
  killed(): Promise<void>
  kill(): void
}

interface Ready {
  readonly peerId: string
  readonly gateway: string
  readonly swarm: readonly string[]
}

/** Mode lan without mDNS: this daemon meets only whom `connect` names. */
export async function startDaemon({
  repo,
  connect = [],
}: {
  repo: string
  connect?: readonly string[]
}): Promise<Daemon> {
  const settings = ['--mode', 'lan', '--config', 'daemon.mdns=false', '--swarm', '/ip4/127.0.0.1/tcp/0']
  const listeners = ['--gateway', '127.0.0.1:0', '--api', '127.0.0.1:0']
  const peers = connect.flatMap(address => ['--connect', address])
  const child = startCairn(repo, ['daemon', '--json', '--log-level', 'warn', ...settings, ...listeners, ...peers])
  const errors = collect(child.stderr)
  const ready = await firstLine(child, errors)
  return {
    ...(JSON.parse(ready) as Ready),
    pid: child.pid ?? 0,
    repo,
    killed: async () => {
      const gone = once(child, 'close')
      child.kill('SIGKILL')
      await gone
    },
    kill: () => void child.kill('SIGKILL'),
  }
}

/** Runs one command to its end; what it printed, or an error with what it complained of unless `exit` is how it was to end. */
export async function runCairn(repo: string, args: readonly string[], exit = 0): Promise<string> {
  const child = startCairn(repo, args)
  const [output, errors] = [collect(child.stdout), collect(child.stderr)]
  const timer = setTimeout(() => child.kill('SIGKILL'), COMMAND_MS)
  const [code] = await once(child, 'close')
  clearTimeout(timer)
  if (code !== exit) throw new Error(`cairn ${args.join(' ')} ended with ${code}\n${errors()}`)
  return output()
}

function startCairn(repo: string, args: readonly string[]): ChildProcess {
  const home = join(repo, '..', 'home')
  const env = {
    ...process.env,
    CAIRN_REPO: repo,
    HOME: home,
    XDG_DATA_HOME: home,
    XDG_CONFIG_HOME: home,
    NO_COLOR: '1',
  }
  return spawn(process.execPath, [BIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
}

function collect(stream: ChildProcess['stdout']): () => string {
  let text = ''
  stream?.on('data', chunk => (text += chunk))
  return () => text
}

async function firstLine(child: ChildProcess, errors: () => string): Promise<string> {
  const lines = createInterface({ input: child.stdout as NonNullable<ChildProcess['stdout']> })
  const signal = AbortSignal.timeout(READY_MS)
  const ended = once(child, 'close', { signal }).then(([code]) => {
    throw new Error(`the daemon ended with ${code}\n${errors()}`)
  })
  const [line] = (await Promise.race([once(lines, 'line', { signal }), ended])) as [string]
  ended.catch(() => undefined)
  return line
}
