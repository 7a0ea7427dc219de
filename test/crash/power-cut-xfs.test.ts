import { test } from 'uvu'
import { registerPowerCuts } from './power-cut.ts'

registerPowerCuts('xfs')

test.run()
