import { spawnSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const CHILD = join(import.meta.dirname, 'full-disk-child.ts')

/** Mounts need a name space of one's own; where the system gives none, there is nothing to test with. */
const canMount = spawnSync('unshare', ['-rm', 'true']).status === 0
if (!canMount)
  console.error('SKIPPED: no mount name spaces here (unshare -rm), so neither full disks nor read-only mounts')

const at = () => mkdtempSync(join(tmpdir(), 'cairn-mount-'))

function run(script: string, ...args: string[]): string {
  const child = spawnSync('unshare', ['-rm', 'sh', '-ec', script, 'sh', process.execPath, CHILD, ...args], {
    encoding: 'utf8',
  })
  assert.is(child.status, 0, child.stdout + child.stderr)
  return child.stdout
}

const check = canMount ? test : test.skip

check(
  'a disk that is full to the last byte: nothing acknowledged is lost, the store opens, reads, unpins, and writes again',
  () => {
    const output = run('mount -t tmpfs -o size=60m tmpfs "$3"; exec "$1" "$2" full "$3"', at())
    assert.match(output, /all is well/)
  },
)

check('a read-only mount is read, cold and without a trace, and refuses writes', () => {
  const folder = at()
  const output = run(
    '"$1" "$2" make "$3"; mount --bind "$3" "$3"; mount -o remount,ro,bind "$3"; exec "$1" "$2" read-only "$3"',
    folder,
  )
  assert.match(output, /all is well/)
})

check('a read-only mount with commits in the WAL is read with them', () => {
  const folder = at()
  const output = run(
    '"$1" "$2" make-dirty "$3" || true; mount --bind "$3" "$3"; mount -o remount,ro,bind "$3"; exec "$1" "$2" read-only "$3"',
    folder,
  )
  assert.match(output, /all is well/)
})

test.run()
