import { join } from 'node:path'
import { test } from 'uvu'
import { temporaryFolder } from '../support/cairn.ts'
import { canLoop, canMount, FULL, inMounts, skipped } from './support.ts'

if (!canMount) skipped('no mount name spaces here (unshare -rm), so no disk that can be filled')
if (!canLoop) skipped('no loop devices here (root and unshare -m), so no disk without inodes')

const SCENARIO = join(import.meta.dirname, 'cold-scenario.ts')
const ROUNDS = FULL ? '8' : '1'
const TMPFS = 'mkdir "$3/d"; mount -t tmpfs -o size=64m tmpfs "$3/d"; exec "$1" "$2" "$3/d" bytes "$4"'
const FEW_INODES = `
truncate -s 160M "$3/image"; mkfs.ext4 -q -F -N 256 "$3/image"; mkdir "$3/d"
mount -o loop "$3/image" "$3/d"; mkdir "$3/d/stuff"
trap 'umount "$3/d"' EXIT
"$1" "$2" "$3/d" inodes "$4"`

;(canMount ? test : test.skip)('a disk full to the last byte: every command alone and cold', async () => {
  await inMounts(TMPFS, [SCENARIO, temporaryFolder('cold'), ROUNDS])
})

;(canLoop ? test : test.skip)('a disk without a free inode: every command alone and cold', async () => {
  await inMounts(FEW_INODES, [SCENARIO, temporaryFolder('inodes'), ROUNDS], { real: true })
})

test.run()
