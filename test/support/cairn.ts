// The real program for tests: run a command, start a daemon, work in folders that vanish with the test.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const BIN = join(import.meta.dirname, '../../cli/bin.js')

/** A new folder; the runner removes the whole temporary folder of a test file when the file ends. */
export const temporaryFolder = (name = 'work'): string => mkdtempSync(join(tmpdir(), `${name}-`))

export interface Ran {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly repo: string
  readonly input?: string | Uint8Array
  readonly cwd?: string
  readonly env?: Record<string, string>
  /** Called with the child as soon as it runs: to kill it. */
  readonly onStart?: (child: ChildProcess) => void
}

/** Runs `cairn ARGS` to its end, whatever that is; offline unless `env` says otherwise. */
export async function cairn(args: readonly string[], { repo, input, cwd, env, onStart }: RunOptions): Promise<Ran> {
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd,
    env: { ...process.env, CAIRN_REPO: repo, CAIRN_MODE: 'offline', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  onStart?.(child)
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  return { code, signal, stdout, stderr }
}

/** As `cairn`, but fails the test unless it ends with 0; returns stdout without its last newline. */
export async function cairnOk(args: readonly string[], options: RunOptions): Promise<string> {
  const { code, signal, stdout, stderr } = await cairn(args, options)
  if (code !== 0) throw new Error(`cairn ${args.join(' ')} ended with ${signal ?? code}:\n${stdout}${stderr}`)
  return stdout.replace(/\n$/, '')
}

export interface TestDaemon {
  readonly peerId: string
  readonly gateway: string
  readonly api: string
  readonly swarm: readonly string[]
  readonly child: ChildProcess
  /** From the start of the process to the ready line. */
  readonly startMs: number
  log(): string
  stop(): Promise<void>
  kill(): Promise<void>
}

/** A daemon on loopback with ports of its own; `offline` unless `mode` says otherwise, mDNS off. */
export async function startDaemon({
  repo,
  mode = 'offline',
  args = [],
  env = {},
}: {
  repo: string
  mode?: string
  args?: readonly string[]
  env?: Record<string, string>
}): Promise<TestDaemon> {
  const startedAt = performance.now()
  const flags = [
    '--json',
    '--mode',
    mode,
    '--gateway',
    '127.0.0.1:0',
    '--api',
    '127.0.0.1:0',
    '--swarm',
    '/ip4/127.0.0.1/tcp/0',
  ]
  const child = spawn(process.execPath, [BIN, 'daemon', ...flags, ...args], {
    env: { ...process.env, CAIRN_REPO: repo, CAIRN_DAEMON_MDNS: 'false', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  child.stderr.on('data', chunk => {
    log = (log + chunk).slice(-100_000)
  })
  const line = await firstLine(child, () => log)
  const ready = JSON.parse(line) as { peerId: string; gateway: string; api: string; swarm: string[] }
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }
  return {
    ...ready,
    child,
    startMs: performance.now() - startedAt,
    log: () => log,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  }
}

async function firstLine(child: ChildProcess, log: () => string): Promise<string> {
  let seen = ''
  for await (const chunk of child.stdout ?? []) {
    seen += chunk
    const end = seen.indexOf('\n')
    if (end !== -1) return seen.slice(0, end)
  }
  throw new Error(`the daemon ended before it was ready:\n${log()}`)
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  let all = ''
  stream.setEncoding('utf8')
  for await (const chunk of stream) all += chunk
  return all
}
