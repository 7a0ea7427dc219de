import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { FAULTS } from './planted/faults.ts'
import { applyPatch } from './planted/patch.ts'
import { plantedTests } from './planted/run-suite.ts'

plantedTests('planted', FAULTS, { alsoGreen: true })

test('a fault whose text is gone, or not the only one, is told of', () => {
  const patch = { file: 'src/version.ts', find: 'such text', replace: '' }
  assert.throws(() => applyPatch('nothing', 'some text', patch), /no longer applies/)
  assert.throws(() => applyPatch('twice', 'such text, such text', patch), /no longer applies/)
  assert.is(applyPatch('once', 'such text?', patch), '?')
})

test.run()
