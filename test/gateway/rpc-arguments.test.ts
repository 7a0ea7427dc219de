import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseArguments } from '../../gateway/rpc/arguments.ts'
import { bool, command, int, text, uint } from '../../gateway/rpc/command.ts'
import { formatGoDuration, parseGoDuration } from '../../gateway/rpc/go-values.ts'
import { parseQuery } from '../../gateway/rpc/query.ts'

const sample = command({
  args: [{ name: 'path', many: true }],
  options: { recursive: bool(true, 'r'), level: int(6, 'l'), mode: uint(0), name: text('', 'n') },
  run: () => ({ kind: 'nothing' }),
})

const parse = (query: string, pathArg?: string) => parseArguments(sample, parseQuery(query), pathArg)
const refusal = (query: string): string => {
  try {
    parse(query)
  } catch (error) {
    return (error as Error).message
  }
  return ''
}

test('arguments come in order, one from the path before all others', () => {
  assert.equal(parse('arg=a&arg=b').args, ['a', 'b'])
  assert.equal(parse('arg=b&x=1', 'a').args, ['a', 'b'])
  assert.equal(parse('arg=a%2Fb+c').args, ['a/b c'])
  assert.is(refusal('x=1'), 'argument "path" is required')
})

test('arguments beyond those declared are ignored', () => {
  const one = command({ args: [{ name: 'a' }], run: () => ({ kind: 'nothing' }) })
  assert.equal(parseArguments(one, parseQuery('arg=1&arg=2'), undefined).args, ['1'])
})

test('booleans, integers and text as Go reads them, by long and short name', () => {
  assert.equal(parse('arg=a').options, { recursive: true, level: 6, mode: 0, name: '' })
  assert.equal(parse('arg=a&r=F&l=-0x10&mode=0644&n=x').options, { recursive: false, level: -16, mode: 420, name: 'x' })
  for (const yes of ['recursive', 'recursive=', 'recursive=TRUE', 'r=1', 'r=t']) {
    assert.is(parse(`arg=a&${yes}`).options.recursive, true, yes)
  }
})

test('unknown keys, bad escapes and semicolons are ignored', () => {
  assert.equal(parse('arg=a&headers=%5Bobject+Object%5D&length=&recursive=%zz&;r=0').options.recursive, true)
})

test('what cannot be read is refused with the words of Kubo', () => {
  assert.is(refusal('arg=a&r=maybe'), 'could not convert value "maybe" to type "bool" (for option "-r")')
  assert.is(refusal('arg=a&level=x'), 'could not convert value "x" to type "int" (for option "-level")')
  assert.is(refusal('arg=a&mode=-1'), 'could not convert value "-1" to type "uint" (for option "-mode")')
  assert.is(refusal('arg=a&r=1&r=0'), 'expected key r to have only a single value, received [1 0]')
  assert.is(refusal('arg=a&encoding=yaml'), 'invalid encoding: yaml')
  assert.is(refusal('arg=a&timeout=soon'), 'time: invalid duration "soon"')
  assert.is(
    refusal('arg=a&offline=perhaps'),
    'could not convert value "perhaps" to type "bool" (for option "-offline")',
  )
})

test('global options', () => {
  assert.equal(parse('arg=a&timeout=1m30s&L=true&cid-base=base36&enc=text').globals, {
    encoding: 'text',
    timeoutMs: 90_000,
    offline: true,
    cidBase: 'base36',
    upgradeV0: undefined,
  })
})

test('Go durations', () => {
  const cases: [string, number | undefined][] = [
    ['300ms', 300],
    ['1.5h', 5_400_000],
    ['1h30m', 5_400_000],
    ['-2s', -2000],
    ['.5s', 500],
    ['1us', 0.001],
    ['1µs', 0.001],
    ['0', 0],
    ['7d', undefined],
    ['5', undefined],
    ['', undefined],
    ['1s x', undefined],
  ]
  for (const [given, expected] of cases) assert.is(parseGoDuration(given), expected, given)
  for (const text of ['0s', '250ns', '350µs', '12.5ms', '1.5s', '1m0s', '2h3m4s']) {
    assert.is(formatGoDuration(parseGoDuration(text) ?? -1), text)
  }
})

test.run()
