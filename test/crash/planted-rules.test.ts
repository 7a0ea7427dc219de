import { test } from 'uvu'
import { RULES } from './planted/faults.ts'
import { plantedTests } from './planted/run-suite.ts'

// Without them the races run as a suite of their own.
plantedTests('rules of races', RULES, { alsoGreen: process.env.TEST_FULL !== undefined })

test.run()
