import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findKubo } from './kubo-daemon.ts'
import { SCENARIOS } from './kubo-scenarios.ts'

const SCRIPT = join(import.meta.dirname, 'kubo-scenarios.ts')
/** A namespace with loopback alone: neither program can reach, or be reached from, anything else. */
const NAMESPACE = ['-rn', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh']
const SCENARIO_MS = 40_000

function whyNot(): string {
  if (findKubo() === undefined) return 'no `ipfs` on the PATH or in $CAIRN_PEERS'
  if (spawnSync('unshare', [...NAMESPACE, 'true']).status !== 0) return 'no network namespaces here (unshare -rn)'
  return ''
}

function runScenario(name: string): Promise<{ code: number | null; output: string }> {
  const child = spawn('unshare', [...NAMESPACE, process.execPath, SCRIPT, name], { stdio: ['ignore', 'pipe', 'pipe'] })
  const { promise, resolve } = Promise.withResolvers<{ code: number | null; output: string }>()
  const timer = setTimeout(() => child.kill('SIGKILL'), SCENARIO_MS)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk))
  child.on('close', code => {
    clearTimeout(timer)
    resolve({ code, output })
  })
  return promise
}

const reason = whyNot()
if (reason !== '') console.error(`NOT RUN: interop with Kubo, ${reason}`)

for (const name of Object.keys(SCENARIOS)) {
  const register = reason === '' ? test : test.skip
  register(name, async () => {
    const { code, output } = await runScenario(name)
    assert.is(code, 0, output)
  })
}

test.run()
