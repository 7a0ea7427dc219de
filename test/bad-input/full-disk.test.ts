import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { temporaryFolder } from '../support/cairn.ts'

const SCENARIO = join(import.meta.dirname, 'full-disk-scenario.ts')
const canMount = spawnSync('unshare', ['-rm', 'true']).status === 0
if (!canMount)
  console.error('SKIPPED: no mount name spaces here (unshare -rm), so no disk that can be filled')

  /** The store alone on a disk that is full to the last byte: test/store/full-disk.test.ts. */
;(canMount ? test : test.skip)(
  'a full disk under the program: exit 8, nothing lost, reads go on, writes when there is room',
  () => {
    const script = 'mount -t tmpfs -o size=64m tmpfs "$3"; exec "$1" "$2" "$3"'
    const args = ['-rm', 'sh', '-ec', script, 'sh', process.execPath, SCENARIO, temporaryFolder('full')]
    const { status, stdout, stderr } = spawnSync('unshare', args, { encoding: 'utf8' })
    assert.is(status, 0, stdout + stderr)
    assert.match(stdout, /all is well/)
  },
)

test.run()
