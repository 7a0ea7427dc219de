// Processes in a network namespace of their own: loopback, multicast and a few addresses that look public, nothing else.

import { spawn, spawnSync } from 'node:child_process'

/** Address n of those that every namespace has besides 127.0.0.1; libp2p takes them for public ones. */
export const publicAddress = (n: 1 | 2 | 3): string => `8.8.1.${n}`

const ADDRESSES = ([1, 2, 3] as const).map(n => `ip addr add ${publicAddress(n)}/32 dev lo`)
const SET_UP = ['ip link set lo up multicast on', 'ip route add 224.0.0.0/4 dev lo', ...ADDRESSES, 'exec "$@"']
const NAMESPACE = ['-rn', 'sh', '-c', SET_UP.join(' && '), 'sh']
const SCENARIO_MS = 40_000

/** Empty if namespaces can be made here. */
export function whyNoNamespace(): string {
  const { status } = spawnSync('unshare', [...NAMESPACE, 'true'])
  return status === 0 ? '' : 'no network namespaces here (unshare -rn, ip)'
}

/** Runs one scenario of a script: its exit code and everything it printed. */
export function runInNamespace(
  script: string,
  scenario: string,
  limitMs = SCENARIO_MS,
): Promise<{ code: number | null; output: string }> {
  const args = [...NAMESPACE, process.execPath, script, scenario]
  const child = spawn('unshare', args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const { promise, resolve } = Promise.withResolvers<{ code: number | null; output: string }>()
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk))
  child.on('close', code => {
    clearTimeout(timer)
    resolve({ code, output })
  })
  return promise
}
