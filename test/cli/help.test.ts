import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { COMMANDS } from '../../cli/commands/table.ts'
import { runCli } from '../support/memory-io.ts'

const CAT = `Print the content of files

Usage
  cairn cat [FLAGS] PATH…

Arguments
  PATH  A CID or /ipfs/CID/path; several are joined

Flags
  -o, --offset BYTES  Begin there
  -l, --length BYTES  Print at most so much

Examples
  cairn cat CID/report.pdf > report.pdf
  cairn cat --offset 1MiB --length 512 CID

Flags of every command
      --repo FOLDER       The repository (default $CAIRN_REPO, else the user
                          data folder)
`

test('help of a command: three ways to ask, one answer', async () => {
  const { code, stdout, stderr } = await runCli(['cat', '--help'])
  assert.is(code, 0)
  assert.is(stderr, '')
  assert.is(stdout.slice(0, CAT.length), CAT)
  for (const argv of [
    ['help', 'cat'],
    ['cat', '-h'],
    ['cat', 'x', '--help'],
  ])
    assert.is((await runCli(argv)).stdout, stdout)
})

test('the overview lists every command, and fits a terminal', async () => {
  const { code, stdout } = await runCli(['help'])
  assert.is(code, 0)
  for (const { name, summary } of COMMANDS)
    assert.match(stdout, new RegExp(`^  ${name} +${summary.slice(0, 20).replace(/[()]/g, '.')}`, 'm'))
  assert.ok(stdout.split('\n').every(line => line.length <= 90))
  for (const argv of [[], ['--help'], ['-h']]) assert.is((await runCli(argv)).stdout, stdout)
})

test('groups and topics', async () => {
  assert.match((await runCli(['help', 'pin'])).stdout, /pin verify/)
  assert.match((await runCli(['pin', '--help'])).stdout, /pin verify/)
  assert.match((await runCli(['help', 'exit-codes'])).stdout, /^ {2}130 +interrupted/m)
  assert.match((await runCli(['help', 'env'])).stdout, /CAIRN_GATEWAY_LISTEN +gateway.listen/)
  assert.match((await runCli(['help', 'config'])).stdout, /store\.max +Disk the repository may take/)
  assert.match((await runCli(['help', 'repo', 'gc'])).stdout, /^Remove what nothing keeps/)
})

test('colours on a terminal only, and not where they are unwanted', async () => {
  const sequence = '\u001b['
  assert.ok((await runCli(['help'], { terminal: true })).stdout.includes(sequence))
  assert.not.ok((await runCli(['help'])).stdout.includes(sequence))
  assert.not.ok((await runCli(['help'], { terminal: true, env: { NO_COLOR: '1' } })).stdout.includes(sequence))
  assert.not.ok((await runCli(['help'], { terminal: true, env: { TERM: 'dumb' } })).stdout.includes(sequence))
  assert.ok((await runCli(['help'], { env: { FORCE_COLOR: '1' } })).stdout.includes(sequence))
})

test('usage errors: two lines on stderr, nothing on stdout, exit 2', async () => {
  const ran = await runCli(['ad'])
  assert.equal(ran, {
    code: 2,
    stdout: '',
    stderr: 'error: there is no command `cairn ad`\n  → did you mean `cairn add`?\n',
  })
  assert.is((await runCli(['pin'])).code, 2)
  assert.is((await runCli(['help', 'nothing'])).code, 2)
  const json = await runCli(['cat', '--json'])
  assert.is(json.code, 2)
  assert.equal(JSON.parse(json.stderr), {
    v: 1,
    error: { code: 'USAGE', message: '`cairn cat` needs PATH', hint: 'see `cairn cat --help`', exit: 2 },
  })
})

test('version', async () => {
  assert.match((await runCli(['version'])).stdout, /^cairn \d+\.\d+\.\d+ \(node \d+/)
  assert.match((await runCli(['--version'])).stdout, /^cairn /)
  assert.match((await runCli(['version', '-q'])).stdout, /^\d+\.\d+\.\d+\n$/)
  assert.is(JSON.parse((await runCli(['version', '--json'])).stdout).v, 1)
})

test('completion scripts name every command and flag', async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout } = await runCli(['completion', shell])
    assert.is(code, 0)
    for (const word of ['add', 'swarm', 'connect', 'wrap-with-directory', 'read-data']) assert.ok(stdout.includes(word))
  }
  assert.is((await runCli(['completion', 'tcsh'])).code, 2)
})

test.run()
