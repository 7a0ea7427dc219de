import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { negotiate, prefersHtml } from '../../gateway/content/negotiate.ts'
import { isCairnError } from '../../src/errors.ts'

const RAW = 'application/vnd.ipld.raw'
const CAR = 'application/vnd.ipld.car'
const formats = (format: string | null, accept?: string) => negotiate(format, accept).formats

test('format in the URL beats Accept', () => {
  assert.equal(formats('raw', CAR), ['raw'])
  assert.equal(formats('car', `text/html, ${RAW}`), ['car'])
  assert.is(negotiate('car', CAR).byAccept, false)
  assert.equal(
    [...negotiate('car', `${CAR}; order=dfs; dups=y`).parameters],
    [
      ['order', 'dfs'],
      ['dups', 'y'],
    ],
  )
})

test('an unknown format is refused with the list of formats', () => {
  for (const format of ['zip', 'RAW', 'html', RAW, 'constructor', '__proto__']) {
    try {
      negotiate(format, undefined)
      assert.unreachable(format)
    } catch (error) {
      assert.ok(isCairnError(error, 'BAD_REQUEST'))
      assert.match(error.hint, 'dag-cbor')
    }
  }
})

test('Accept: weights decide, then order; what is not ours is the default', () => {
  assert.equal(formats(null, RAW), ['raw'])
  assert.equal(formats(null, RAW.toUpperCase()), ['raw'])
  assert.equal(formats(null, `${RAW};q=0.2, ${CAR};q=0.9`), ['car', 'raw'])
  assert.equal(formats(null, `text/plain, ${RAW}`), ['raw'])
  assert.equal(formats(null, `${RAW};q=0`), [])
  assert.equal(formats(null, `${RAW};q=0.1, */*;q=0.9`), [])
  assert.equal(formats(null, `text/html, ${RAW};q=0.9`), [])
  assert.equal(formats(null, `text/html;q=0.1, ${RAW}`), ['raw'])
  for (const accept of [
    undefined,
    '',
    '*/*',
    'text/html',
    'image/png',
    'application/vnd.ipld.*',
    ';;,,/',
    'application/*',
  ]) {
    assert.equal(formats(null, accept), [], accept)
  }
  assert.ok(negotiate(null, RAW).byAccept)
  assert.is(negotiate(null, `${CAR};version="1"`).parameters.get('version'), '1')
})

test('pages are for those who ask for HTML', () => {
  assert.ok(prefersHtml('text/html,application/xhtml+xml,*/*;q=0.8'))
  assert.ok(prefersHtml('TEXT/HTML'))
  for (const accept of [undefined, '*/*', 'application/json', 'text/html;q=0', 'xtext/html2']) {
    assert.not(prefersHtml(accept), accept)
  }
})

test.run()
