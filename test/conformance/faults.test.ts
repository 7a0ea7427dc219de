import { test } from 'uvu'
import { plantedTests } from '../crash/planted/run-suite.ts'
import { temporaryFolder } from '../support/cairn.ts'
import { CONFORMANCE_FAULTS } from './faults.ts'
import { writeOwnData } from './own-data.ts'

test.before(async () => {
  // On DAGs of our own: the official data would show the same, in twice the time.
  process.env.CAIRN_FIXTURES = ''
  process.env.CONFORMANCE_DATA = (await writeOwnData(temporaryFolder('fixtures'))).folder
  process.env.NODE_COMPILE_CACHE = temporaryFolder('compiled')
})

plantedTests('conformance faults', CONFORMANCE_FAULTS, { alsoGreen: false })

test.run()
