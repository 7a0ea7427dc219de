// The programs that are compared: our own bundle, and Kubo if it is on the PATH or in $CAIRN_PEERS.

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

const CAIRN = join(import.meta.dirname, '../../cli/bin.js')

export const workFolder = (): string => {
  const folder = mkdtempSync(join(process.env.CAIRN_BENCH_DIR ?? tmpdir(), 'cairn-bench-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Where Kubo's `ipfs` is, or undefined. */
export function findKubo(): string | undefined {
  const folders = [
    ...(process.env.CAIRN_PEERS ? [process.env.CAIRN_PEERS] : []),
    ...(process.env.PATH ?? '').split(delimiter),
  ]
  return folders.map(folder => join(folder, 'ipfs')).find(path => existsSync(path))
}

interface Ran {
  readonly stdout: string
  readonly peakMiB: number
}

/** Runs to the end and tells the peak memory (from /usr/bin/time where there is one). */
function run(program: string, args: readonly string[], env: Record<string, string>): Ran {
  const { status, stdout, stderr } = spawnSync(program, args, {
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${stderr.slice(-2000)}`)
  return { stdout, peakMiB: 0 }
}

export function cairn(repo: string, ...args: string[]): string {
  return run(process.execPath, [CAIRN, ...args], { CAIRN_REPO: repo, CAIRN_MODE: 'offline' }).stdout.trim()
}

export function kubo(program: string, repo: string, ...args: string[]): string {
  return run(program, args, { IPFS_PATH: repo }).stdout.trim()
}

/** A new Kubo repository of the given import profile; never touches a network. */
export function kuboInit(program: string, repo: string, profile: string): void {
  rmSync(repo, { recursive: true, force: true })
  kubo(program, repo, 'init', '--empty-repo', '--profile=test')
  kubo(program, repo, 'config', 'profile', 'apply', profile)
}

export interface Daemon {
  readonly gateway: string
  readonly pid: number
  stop(): Promise<void>
}

export async function cairnDaemon(
  repo: string,
  ...args: string[]
): Promise<Daemon & { readonly api: string; readonly swarm: readonly string[] }> {
  const child = spawn(
    process.execPath,
    [
      CAIRN,
      'daemon',
      '--json',
      '--gateway',
      '127.0.0.1:0',
      '--api',
      '127.0.0.1:0',
      '--swarm',
      '/ip4/127.0.0.1/tcp/0',
      ...args,
    ],
    {
      env: { ...process.env, CAIRN_REPO: repo },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const ready = JSON.parse(await firstLine(child)) as { gateway: string; api: string; swarm: string[] }
  return { gateway: ready.gateway, api: ready.api, swarm: ready.swarm, pid: child.pid ?? 0, stop: () => stop(child) }
}

export async function kuboDaemon(
  program: string,
  repo: string,
  port: number,
  flags: readonly string[] = ['--offline'],
): Promise<Daemon> {
  kubo(program, repo, 'config', 'Addresses.Gateway', `/ip4/127.0.0.1/tcp/${port}`)
  kubo(program, repo, 'config', 'Addresses.API', `/ip4/127.0.0.1/tcp/${port + 1}`)
  const child = spawn(program, ['daemon', ...flags], {
    env: { ...process.env, IPFS_PATH: repo },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const chunk of child.stdout ?? []) if (String(chunk).includes('Daemon is ready')) break
  return { gateway: `http://127.0.0.1:${port}`, pid: child.pid ?? 0, stop: () => stop(child) }
}

async function firstLine(child: ChildProcess): Promise<string> {
  let text = ''
  for await (const chunk of child.stdout ?? []) {
    text += chunk
    if (text.includes('\n')) break
  }
  return text.split('\n')[0] ?? ''
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}

/** SHA-256 of what an URL or a command gives, streamed by the shell so that it costs this process nothing. */
export function hashOf(shell: string, env: Record<string, string> = {}): string {
  return execFileSync('sh', ['-c', `${shell} | sha256sum`], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  }).slice(0, 16)
}
