import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { formatSize, parseDuration, parseSize } from '../../src/units.ts'

test('sizes are read in binary and decimal units', () => {
  assert.is(parseSize('10GiB'), 10 * 2 ** 30)
  assert.is(parseSize('1.5k'), 1500)
  assert.is(parseSize(77), 77)
  assert.throws(() => parseSize('ten'), /not a size/)
  assert.throws(() => parseSize('-1'), /not a size/)
})

test('durations are read, joined ones too', () => {
  assert.is(parseDuration('1h30m'), 5_400_000)
  assert.is(parseDuration('250ms'), 250)
  assert.throws(() => parseDuration('7 weeks'), /not a duration/)
  assert.throws(() => parseDuration('5sx'), /not a duration/)
})

test('sizes are printed for people', () => {
  assert.is(formatSize(0), '0 B')
  assert.is(formatSize(1536), '1.5 KiB')
})

test.run()
