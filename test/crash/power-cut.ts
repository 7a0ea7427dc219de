// Power cuts of a disk of one kind, as a test; without what the rig needs it says so loudly.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { temporaryFolder } from '../support/cairn.ts'
import type { FileSystem } from './power-cut-disk.ts'
import type { RigResult } from './power-cut-rig.ts'
import { text } from './scenarios.ts'

const CUTS = process.env.TEST_FULL ? 100 : 3
const SEED = process.env.TEST_SEED ?? String(Math.floor(Date.now() / 86_400_000))

/** Why the rig cannot be built on this machine. */
function whyNot(): string | undefined {
  if (process.platform !== 'linux') return 'it needs Linux'
  if (process.getuid?.() !== 0) return 'only root may mount'
  for (const command of ['mkfs.ext4', 'mkfs.xfs', 'unshare', 'mount'])
    if (spawnSync(command, ['-V']).error !== undefined) return `there is no ${command}`
  const tried = spawnSync('unshare', ['--mount', 'sh', '-c', 'f=$(losetup -f) && test -b "$f"'])
  return tried.status === 0 ? undefined : 'no loop device or mount namespace can be had here'
}

export function registerPowerCuts(kind: FileSystem): void {
  const why = whyNot()
  if (why !== undefined) {
    console.log(`» power-cut ${kind}: SKIPPED, nothing was proven: ${why}`)
    test.skip('power cuts', () => {})
    return
  }
  test(`${CUTS} power cuts of a disk with ${kind} under load lose nothing that was acknowledged`, () => cutPower(kind))
}

async function cutPower(kind: FileSystem): Promise<void> {
  const rig = join(import.meta.dirname, 'power-cut-rig.ts')
  const args = ['--mount', '--propagation', 'private', process.execPath, rig, temporaryFolder(kind), kind]
  const child = spawn('unshare', [...args, String(CUTS), SEED], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  assert.is(child.exitCode, 0, stderr)
  const { cuts, acknowledged, refused, verified, violations, control } = JSON.parse(stdout) as RigResult
  console.log(
    `\n» power-cut ${kind}: ${cuts} cuts, ${acknowledged} acknowledged, ${refused} refused, ${verified} roots verified after them, ${violations.length} lost; control without sync: ${control.lost} of ${control.written} lost (seed ${SEED})`,
  )
  assert.equal(violations, [])
  assert.is(control.lost, control.written, 'the rig does not see what was never synced')
  assert.ok(acknowledged > 0 && verified > 0)
}
