import { test } from 'uvu'
import { installPatches } from '../crash/planted/patch.ts'

// Whoever waits for a stopped process names it after ten seconds; here after a fifth of one.
const find = /lockWaitMs: limit\([\d_]+,/
installPatches([{ name: 'impatience', patches: [{ file: 'src/limits.ts', find, replace: 'lockWaitMs: limit(200,' }] }])
const { stopTests } = await import('./stop-points.ts')
stopTests()
test.run()
