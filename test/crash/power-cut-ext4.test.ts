import { test } from 'uvu'
import { registerPowerCuts } from './power-cut.ts'

registerPowerCuts('ext4')

test.run()
