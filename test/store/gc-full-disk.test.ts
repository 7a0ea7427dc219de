import { spawnSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const canMount = spawnSync('unshare', ['-rm', 'true']).status === 0
if (!canMount) console.error('SKIPPED: no mount name spaces here (unshare -rm), so no full disks')
const check = canMount ? test : test.skip

check('on a disk that is full to the last byte, unpinning and collecting work and give room', () => {
  const child = spawnSync(
    'unshare',
    [
      '-rm',
      'sh',
      '-ec',
      'mount -t tmpfs -o size=64m tmpfs "$3"; exec "$1" "$2" "$3"',
      'sh',
      process.execPath,
      join(import.meta.dirname, 'gc-full-disk-child.ts'),
      mkdtempSync(join(tmpdir(), 'cairn-full-')),
    ],
    { encoding: 'utf8' },
  )
  assert.is(child.status, 0, child.stdout + child.stderr)
  assert.match(child.stdout, /all is well/)
})

test.run()
