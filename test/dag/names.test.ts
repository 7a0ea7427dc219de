import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkName, escapeName } from '../../src/dag/names.ts'
import { isCairnError } from '../../src/errors.ts'

const UNSAFE = [
  '',
  '.',
  '..',
  '/',
  'a/b',
  '../x',
  '/etc/passwd',
  'a\0b',
  '\0',
  'bad\ufffdname',
  '\ud800',
  'a\udc00b',
  'x'.repeat(256),
  'é'.repeat(128),
]
const SAFE = [
  'a',
  '...',
  '.hidden',
  ' ',
  'a\\b',
  'C:',
  'nul',
  'new\nline',
  '\u001b[31m',
  'x'.repeat(255),
  '__proto__',
  '-rf',
  'e\u0301',
]
const UNSAFE_ON_WINDOWS = ['a\\b', 'C:', 'nul', 'NUL.txt', 'com1', 'a.', 'a ', 'what?', 'a\nb', '<x>']

test('unsafe names are refused, others are not', () => {
  for (const name of UNSAFE) {
    try {
      checkName(name, 'linux')
    } catch (error) {
      assert.ok(isCairnError(error, 'UNSAFE_NAME'), name)
      continue
    }
    assert.unreachable(JSON.stringify(name))
  }
  for (const name of SAFE) assert.not.throws(() => checkName(name, 'linux'), undefined, name)
})

test('what Windows reserves is refused there', () => {
  for (const name of UNSAFE_ON_WINDOWS) assert.throws(() => checkName(name, 'win32'), undefined, name)
  for (const name of ['a', 'null', 'com', 'console.txt']) assert.not.throws(() => checkName(name, 'win32'))
})

test('a message about an unsafe name is safe itself', () => {
  try {
    checkName('\u001b[2J/..', 'linux')
    assert.unreachable()
  } catch (error) {
    assert.is((error as Error).message, 'the name "\\x1b[2J/.." has a slash in it')
  }
})

test('what a terminal would obey is escaped, the rest is left alone', () => {
  const cases: readonly [string, string][] = [
    ['plain', 'plain'],
    ['a\nb\tc\r', 'a\\x0ab\\x09c\\x0d'],
    ['\u001b]0;title\u0007', '\\x1b]0;title\\x07'],
    ['\u007f\u0085\u009b', '\\x7f\\x85\\x9b'],
    ['evil\u202egpj.exe', 'evil\\u202egpj.exe'],
    ['\u2066\u2069\u200e\u200f\u061c', '\\u2066\\u2069\\u200e\\u200f\\u061c'],
    ['a\u200bb\ufeff\u2028\u2029\u00ad', 'a\\u200bb\\ufeff\\u2028\\u2029\\xad'],
    ['\ud800', '\\ud800'],
    ['\u{e0041}', '\\u{e0041}'],
    ['日本語 ü 👩‍💻 می‌خواهم', '日本語 ü 👩‍💻 می‌خواهم'],
  ]
  for (const [name, escaped] of cases) assert.is(escapeName(name), escaped)
})

test.run()
