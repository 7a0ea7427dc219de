import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { addFlags } from '../../cli/add-flags.ts'
import { COMMANDS } from '../../cli/commands/table.ts'
import { findCommand, parseWords } from '../../cli/parse.ts'
import { type CairnError, isCairnError } from '../../src/errors.ts'

const add = { args: [{ name: 'PATH', doc: '', optional: true, many: true }], flags: addFlags }
const parse = (...words: string[]) => parseWords(words, 'add', add)
const two = {
  args: [
    { name: 'FROM', doc: '' },
    { name: 'TO', doc: '' },
  ],
  flags: {},
}
const failureOf = (work: () => unknown): CairnError => {
  try {
    work()
  } catch (error) {
    if (isCairnError(error)) return error
    throw error
  }
  throw new Error('it did not fail')
}

test('flags long, short, joined, negated, with and without =', () => {
  assert.equal(parse('-rQ', 'x').flags, { recursive: true, quieter: true })
  assert.equal(parse('--pin=false', '--no-empty-dirs', '-H=false').flags, {
    pin: false,
    'empty-dirs': false,
    hidden: false,
  })
  assert.equal(parse('-s', 'size-5', '--chunker=size-6').flags, { chunker: 'size-6' })
  assert.equal(parse('-ssize-5').flags, { chunker: 'size-5' })
  assert.equal(parse('--ignore', 'a', '--ignore=b').flags, { ignore: ['a', 'b'] })
})

test('- is an argument, -- ends the flags', () => {
  assert.equal(parse('-', '--', '-Q', '-s=x').args, ['-', '-Q', '-s=x'])
  assert.equal(parse('-', '--', '-Q').flags, {})
})

test('numbers: decimal, octal, hex, negative; texts stay texts', () => {
  assert.is(parse('--mode', '0644').flags.mode, 0o644)
  assert.is(parse('--mode', '420').flags.mode, 420)
  assert.is(parse('--mode', '0x1a4').flags.mode, 420)
  assert.is(parse('--mtime', '-5').flags.mtime, -5)
  assert.is(parse('--stdin-name', '007').flags['stdin-name'], '007')
  for (const bad of ['', '1.5', '0899', 'x', '1e3', '99999999999999999999'])
    assert.match(failureOf(() => parse(`--mtime=${bad}`)).message, 'is not a whole number')
})

test('global flags are taken anywhere, with their units', () => {
  assert.is(parse('x', '--timeout', '1m30s').globals.timeout, 90_000)
  assert.equal(parse('--config', 'mode=lan', '--config=store.max=1GiB').globals.config, ['mode=lan', 'store.max=1GiB'])
  assert.match(failureOf(() => parse('--timeout', 'soon')).message, '--timeout: "soon" is not a duration')
})

test('what cannot be meant is refused with a suggestion', () => {
  const cases: [string[], string, string][] = [
    [['--recusive'], '`cairn add` has no flag --recusive', 'did you mean --only-hash?'],
    [['--wrap-with-dir'], '`cairn add` has no flag --wrap-with-dir', 'did you mean --wrap-with-directory?'],
    [['-Z'], '`cairn add` has no flag -Z', 'see `cairn add --help`'],
    [['--no-chunker'], '`cairn add` has no flag --no-chunker', 'did you mean --chunker?'],
    [['--chunker'], '--chunker: needs a value: --chunker KIND', ''],
    [['--chunker', '--pin'], '--chunker: needs a value and got the flag --pin', 'if it is meant: --chunker=--pin'],
    [['--pin=maybe'], '--pin: "maybe" is neither true nor false', ''],
    [['--profile', 'unixfs-v1'], '--profile: "unixfs-v1" is not one of', ''],
    [['--log-level', 'warning'], '--log-level: "warning" is not one of', 'did you mean warn?'],
  ]
  for (const [words, message, hint] of cases) {
    const error = failureOf(() => parse(...words))
    assert.is(error.code, 'USAGE')
    assert.is(error.exit, 2)
    assert.ok(error.message.startsWith(message), `${error.message} / ${message}`)
    if (words[0] !== '--recusive' && words[0] !== '--profile') assert.is(error.hint, hint || 'see `cairn add --help`')
  }
})

test('too few and too many arguments', () => {
  assert.is(failureOf(() => parseWords(['a'], 'pin update', two)).message, '`cairn pin update` needs TO')
  assert.is(
    failureOf(() => parseWords(['a', 'b', 'c'], 'pin update', two)).message,
    '`cairn pin update` does not take "c"',
  )
  assert.equal(parseWords(['a', 'b'], 'pin update', two).args, ['a', 'b'])
  assert.is(parseWords(['--help'], 'pin update', two).globals.help, true)
})

test('the command is found behind global flags, in groups, by alias', () => {
  const nameOf = (...argv: string[]) => {
    const found = findCommand(argv)
    return found.kind === 'command' ? [found.entry.name, ...found.words] : [`(${found.group})`, ...found.words]
  }
  assert.equal(nameOf('--repo', '/x', '--json', 'pin', '-q', 'add', 'cid'), [
    'pin add',
    '--repo',
    '/x',
    '--json',
    '-q',
    'cid',
  ])
  assert.equal(nameOf('repo', 'gc'), ['gc'])
  assert.equal(nameOf('pin', '--help'), ['(pin)', '--help'])
  assert.equal(nameOf('--json'), ['()', '--json'])
  assert.equal(nameOf(), ['()'])
  assert.is(failureOf(() => nameOf('ad')).hint, 'did you mean `cairn add`?')
  assert.is(failureOf(() => nameOf('pin', 'lst')).hint, 'did you mean `cairn pin ls`?')
  assert.is(failureOf(() => nameOf('frobnicate')).hint, 'all commands: `cairn help`')
})

test('the table: names once, every command loads, short flags clash with none', async () => {
  const names = COMMANDS.flatMap(({ name, aliases = [] }) => [name, ...aliases])
  assert.is(new Set(names).size, names.length)
  for (const entry of COMMANDS) {
    const { command } = await entry.load()
    const shorts = Object.values(command.flags).flatMap(({ short }) => short ?? [])
    assert.is(new Set(shorts).size, shorts.length, entry.name)
    const globals = ['q', 'p', 'h']
    assert.equal(
      shorts.filter(short => globals.includes(short)),
      [],
      entry.name,
    )
    for (const { doc } of Object.values(command.flags)) assert.not.match(doc, /\.$/)
    assert.ok(command.examples.length > 0, `${entry.name} has no example`)
  }
})

test.run()
