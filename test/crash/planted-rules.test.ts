import { test } from 'uvu'
import { RULES } from './planted/faults.ts'
import { plantedTests } from './planted/run-suite.ts'

plantedTests('rules of races', RULES)

test.run()
