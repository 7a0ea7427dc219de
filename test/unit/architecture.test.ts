import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findViolations } from '../../scripts/lint.ts'

test('no file breaks the house rules (size, first line, direction of imports, database access)', () => {
  assert.equal(
    findViolations().map(({ file, rule }) => `${file}: ${rule}`),
    [],
  )
})

test.run()
