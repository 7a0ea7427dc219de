import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cairnOk, startDaemon, temporaryFolder } from '../support/cairn.ts'
import { HELLO, refused } from './support.ts'

const work = temporaryFolder('options')
const repo = join(work, 'repo')
const file = join(work, 'a.txt')

test.before(async () => {
  mkdirSync(join(work, 'folder'))
  writeFileSync(file, 'hello\n')
  await cairnOk(['init'], { repo })
})

test('options of add that cannot be: refused before anything is read or told', async () => {
  for (const [flags, code, says] of [
    [['--chunker', 'size-0'], 2, 'chunks of 0 bytes'],
    [['--chunker', 'size-99999999'], 2, 'at most 2096896 bytes'],
    [['--chunker', 'rabin-1-2'], 2, 'wrong number of parameters'],
    [['--chunker', 'nosuch'], 2, 'nosuch'],
    [['--hash', 'nosuch'], 2, 'nosuch'],
    [['--cid-version', '0', '--hash', 'blake3'], 2, 'CIDv0 is for sha2-256 only'],
    [['--cid-version', '7'], 2, '7 is neither 0 nor 1'],
    [['--max-file-links', '1'], 2, 'at least 2 links'],
    [['--max-hamt-fanout', '7'], 2, 'power of 2'],
    [['--inline', '--inline-limit', '9999'], 2, 'up to 128 bytes'],
    [['--mode', '0888'], 2, '"0888" is not a whole number'],
    [['--mtime-nsecs', '1'], 2, 'nanoseconds need the seconds'],
    [['--profile', 'nosuch'], 2, '"nosuch" is not one of'],
    [['--to-files', 'relative'], 2, '"relative" is not a path of the files tree'],
    [['--pin-name', 'x'.repeat(256)], 8, '256 bytes, more than the 255 allowed'],
    [['--ignore-rules-path', join(work, 'nope')], 4, 'cannot be read'],
  ] as const)
    await refused(['add', ...flags, file], { repo, code, says: [says], hint: /./ })
  assert.is(await cairnOk(['pin', 'ls'], { repo }), '')
})

test('flags that there are not, lack their value, or have one that they cannot have', async () => {
  for (const [args, says, hint] of [
    [['add', '--quieterr', file], 'has no flag --quieterr', 'did you mean --quieter?'],
    [['add', '-Z', file], 'has no flag -Z', 'cairn add --help'],
    [['add', '--no-chunker', file], 'has no flag --no-chunker', /./],
    [['add', '--no-pin=true', file], '--no-pin takes no value', '--pin=false'],
    [['cat', '--offset', '9e99', HELLO], '"9e99" is not a size', 'write it as 512KiB'],
    [['cat', '--timeout', 'soon', HELLO], '"soon" is not a duration', 'write it as 500ms'],
    [['cat'], '`cairn cat` needs PATH', 'cairn cat --help'],
    [['version', 'x'], 'does not take "x"', 'cairn version --help'],
    [['pin'], 'needs a command', 'cairn pin --help'],
    [['pin', 'ad'], 'there is no command `cairn pin ad`', 'did you mean `cairn pin add`?'],
    [['nonsense'], 'there is no command `cairn nonsense`', 'cairn help'],
    [['help', 'exit-code'], 'there is no help on "exit-code"', 'cairn help exit-codes'],
  ] as const)
    await refused(args, { repo, code: 2, says: [says], hint })
})

test('numbers beyond what a timer can hold mean: for ever', async () => {
  await cairnOk(['add', '--timeout', '999999999h', file], { repo })
  assert.is(await cairnOk(['cat', '--timeout', '9999d', HELLO], { repo }), 'hello')
  const limits = ['gateway.retrievalTimeout=9999d', 'gateway.stallTimeout=9999d', 'daemon.drain=9999d']
  const daemon = await startDaemon({ repo, args: limits.flatMap(limit => ['--config', limit]) })
  try {
    assert.is(await (await fetch(`${daemon.gateway}/ipfs/${HELLO}`)).text(), 'hello\n')
    assert.not.match(daemon.log(), 'TimeoutOverflowWarning')
  } finally {
    await daemon.stop()
  }
})

test('--to-files: into the tree, not over what is there, not below what is not', async () => {
  const says = { repo, code: 2, hint: 'choose another name' }
  await cairnOk(['add', '-Q', '--to-files', '/a.txt', file], { repo })
  await cairnOk(['add', '-Q', '--to-files', '/', join(work, 'folder')], { repo })
  await cairnOk(['add', '-Q', '--to-files', '/folder/b.txt', file], { repo })
  await refused(['add', '--silent', '--to-files', '/a.txt', file], {
    ...says,
    says: ['already has entry by that name'],
  })
  await refused(['add', '--silent', '--to-files', '/nope/a.txt', file], {
    repo,
    code: 4,
    says: ['the folder "nope" does not exist'],
    hint: /./,
  })
})

test.run()
