import { join } from 'node:path'
import { test } from 'uvu'
import { temporaryFolder } from '../support/cairn.ts'
import { canMount, FULL, inMounts, skipped } from './support.ts'

if (!canMount) skipped('no mount name spaces here (unshare -rm), so no disk that can be filled')
const check = canMount ? test : test.skip

const SCENARIO = join(import.meta.dirname, 'enospc-scenario.ts')
const onTmpfs = (...args: string[]) =>
  inMounts(
    'mkdir "$3/d"; mount -t tmpfs -o size=40m tmpfs "$3/d"; script="$2"; disk="$3/d"; node="$1"; shift 3; exec "$node" "$script" "$disk" "$@"',
    [SCENARIO, temporaryFolder('enospc'), ...args],
  )

for (const role of FULL ? ['daemon', 'command'] : ['daemon']) {
  check(`each operation on a disk that has a little more room each time (${role})`, async () => {
    await onTmpfs(String(FULL ? 4096 : 65536), role)
  })
}

test.run()
