import { tmpdir } from 'node:os'
import { test } from 'uvu'
import { installPoints } from '../crash/points/points.ts'
import { watchSyncs } from './power-cut.ts'

// Before the product is loaded: what is patched must not be in memory yet.
installPoints()
await watchSyncs(tmpdir())
const { cutTests } = await import('./cut-points.ts')
cutTests()
test.run()
