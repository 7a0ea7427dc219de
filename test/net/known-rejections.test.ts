import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { KNOWN_REJECTIONS, knownRejection } from '../../src/net/known-rejections.ts'

const errorOf = (name: string, stack: string) => Object.assign(new Error('any text'), { name, stack })

test('a known name out of the library it belongs to', () => {
  for (const { name, from } of KNOWN_REJECTIONS) {
    assert.is(
      knownRejection(errorOf(name, `${name}: any text\n    at file:///somewhere/${from}utils/x.js:1:1`))?.name,
      name,
    )
  }
})

test('the same name out of our own code is a bug like any other', () => {
  for (const { name } of KNOWN_REJECTIONS) {
    assert.is(
      knownRejection(errorOf(name, `${name}: any text\n    at file:///somewhere/src/net/wants.ts:1:1`)),
      undefined,
    )
  }
})

test('anything else is unknown', () => {
  assert.is(knownRejection(new TypeError('x')), undefined)
  assert.is(knownRejection('StreamStateError'), undefined)
  assert.is(knownRejection(undefined), undefined)
})

test('each names its upstream issue', () => {
  for (const { issue } of KNOWN_REJECTIONS) assert.match(issue, /^https:\/\/github\.com\/.+\/issues\/\d+$/)
})

test.run()
