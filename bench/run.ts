// Runs every bench (or those whose name contains a word given) in turn, inside a network namespace of its own where the machine allows.

import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { findKubo } from './lib/programs.ts'

const wanted = process.argv.slice(2)
const files = readdirSync(import.meta.dirname)
  .filter(name => name.endsWith('.ts') && name !== 'run.ts')
  .filter(name => wanted.length === 0 || wanted.some(word => name.includes(word)))
  .sort()

// Kubo's daemons must reach nobody: only loopback exists in there.
const isolated = spawnSync('unshare', ['-n', 'true']).status === 0
console.log(
  `Kubo: ${findKubo() ?? 'not on the PATH, so no ratios'}; network: ${isolated ? 'a namespace with loopback only' : 'the machine’s own'}`,
)

let failed = 0
for (const file of files) {
  const path = join(import.meta.dirname, file)
  const [program, args] = isolated
    ? ['unshare', ['-n', 'sh', '-c', 'ip link set lo up; exec "$0" "$1"', process.execPath, path]]
    : [process.execPath, [path]]
  const { status } = spawnSync(program as string, args as string[], { stdio: 'inherit' })
  if (status !== 0) failed++
}
process.exitCode = failed > 0 ? 1 : 0
