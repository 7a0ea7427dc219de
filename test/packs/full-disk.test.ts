import { spawnSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const canMount = spawnSync('unshare', ['-rm', 'true']).status === 0
if (!canMount) console.error('SKIPPED: no mount name spaces here (unshare -rm), so no full disks')
const check = canMount ? test : test.skip

check('on a disk full to the last byte survivors move out of the reserve, and the space comes back', () => {
  const child = spawnSync(
    'unshare',
    [
      '-rm',
      'sh',
      '-ec',
      'mount -t tmpfs -o size=80m tmpfs "$3"; exec "$1" "$2" "$3"',
      'sh',
      process.execPath,
      join(import.meta.dirname, 'full-disk-child.ts'),
      mkdtempSync(join(tmpdir(), 'cairn-full-packs-')),
    ],
    { encoding: 'utf8' },
  )
  assert.is(child.status, 0, child.stdout + child.stderr)
  assert.match(child.stdout, /MiB held before/)
  console.log(`\n» packs: full disk, compaction out of the reserve: ${child.stdout.trim()}, reserve whole again`)
})

test.run()
