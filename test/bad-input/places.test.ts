import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BIN, cairn, cairnOk, temporaryFolder } from '../support/cairn.ts'
import { explains, refused } from './support.ts'

const work = temporaryFolder('places')
const repo = join(work, 'repo')
const input = join(work, 'in')
let root = ''

test.before(async () => {
  mkdirSync(input)
  writeFileSync(join(input, 'a.txt'), 'hello\n')
  root = await cairnOk(['add', '-Q', input], { repo })
})

test('a repository where none can be: said at once, with the flag that changes it', async () => {
  const file = join(work, 'file')
  writeFileSync(file, '')
  const places = [file, join(file, 'below')]
  // A folder in which nothing can be made, whoever asks.
  if (existsSync('/proc/self')) places.push('/proc/cairn', '/proc/cairn/below')
  for (const place of places) {
    const says = [`no repository can be made at ${place}`]
    for (const command of [['add', input], ['init'], ['daemon']])
      await refused(command, { repo: place, code: 10, says, hint: '--repo or $CAIRN_REPO' })
    await refused(['cat', root], { repo: place, code: 10, says: ['there is no repository at'], hint: 'cairn init' })
  }
  assert.is(readFileSync(file, 'utf8'), '')
})

test('a target that cannot be written', async () => {
  const file = join(work, 'taken')
  writeFileSync(file, 'mine')
  const hint = 'choose a place'
  for (const [target, why] of [
    [join(file, 'x'), /not a directory|file already exists/],
    [`${work}/${'n'.repeat(300)}`, 'name too long'],
  ] as const) {
    await refused(['get', root, '-o', target], { repo, code: 2, says: [`${target} cannot be written: `, why], hint })
    await refused(['get', `${root}/a.txt`, '-o', target], { repo, code: 2, says: [why], hint })
    await refused(['dag', 'export', root, '-o', target], { repo, code: 2, says: [why], hint })
    await refused(['block', 'get', root, '-o', target], { repo, code: 2, says: [why], hint })
  }
  await refused(['dag', 'export', root, '-o', input], { repo, code: 2, says: ['illegal operation on a dir'], hint })
  await refused(['get', root, '-o', file], { repo, code: 2, says: ['exists already'], hint: '--output' })
  assert.is(readFileSync(file, 'utf8'), 'mine')
  assert.equal(readdirSync(input), ['a.txt'])
})

test('an output that is no file is written to, not replaced', async () => {
  const pipe = join(work, 'pipe')
  execFileSync('mkfifo', [pipe])
  const reading = spawnSync.bind(undefined, 'sh', ['-c', `cat "${pipe}"`], { encoding: 'utf8', timeout: 20_000 })
  const running = cairn(['block', 'get', `${root}/a.txt`, '-o', pipe], { repo })
  assert.is(reading().stdout, 'hello\n')
  assert.is((await running).code, 0)
  assert.ok(lstatSync(pipe).isFIFO())
  // A file that is there is replaced whole.
  const car = join(work, 'all.car')
  writeFileSync(car, 'old')
  await cairnOk(['dag', 'export', root, '-o', car], { repo })
  assert.ok(readFileSync(car).length > 100)
  assert.equal(
    readdirSync(work).filter(name => name.endsWith('.part')),
    [],
  )
})

test('config set before there is a repository makes its folder, and add the rest', async () => {
  const fresh = join(work, 'deep/fresh')
  await cairnOk(['config', 'set', 'store.max', '1GiB'], { repo: fresh })
  await refused(['pin', 'ls'], { repo: fresh, code: 10, says: ['there is no repository at'], hint: 'cairn init' })
  assert.is(await cairnOk(['add', '-Q', input], { repo: fresh }), root)
  assert.is(await cairnOk(['config', 'get', 'store.max'], { repo: fresh }), '1GiB')
})

const NOBODY = 65534
const asNobody = ['--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups']
const canChangeUser = spawnSync('setpriv', [...asNobody, process.execPath, BIN, 'version']).status === 0
if (!canChangeUser) console.error('SKIPPED: not root, or no setpriv: nothing can be run as a user with fewer rights')

const run = (args: readonly string[], at: string) =>
  spawnSync('setpriv', [...asNobody, process.execPath, BIN, '--repo', at, ...args], {
    encoding: 'utf8',
    env: { ...process.env, CAIRN_REPO: at, CAIRN_MODE: 'offline', HOME: '/nonexistent' },
  })

const asRoot = canChangeUser ? test : test.skip

asRoot('a repository that may be read and not written: reads work, each write says why not', async () => {
  const readOnly = join(work, 'read-only')
  cpSync(repo, readOnly, { recursive: true })
  writeFileSync(join(readOnly, 'config.json'), '{}')
  for (const folder of [work, join(work, '..')]) chmodSync(folder, 0o755)
  execFileSync('chmod', ['-R', 'a+rX,a-w', readOnly])
  assert.is(run(['cat', `${root}/a.txt`], readOnly).stdout, 'hello\n')
  assert.is(run(['repo', 'stat'], readOnly).status, 0)
  assert.is(run(['repo', 'check', '--read-data'], readOnly).status, 0)
  for (const [args, code] of [
    [['add', input], 8],
    [['pin', 'rm', root], 8],
    [['gc'], 8],
    [['config', 'set', 'mode', 'lan'], 7],
    [['daemon', '--gateway', '127.0.0.1:0', '--api', '127.0.0.1:0'], 10],
  ] as const) {
    const ran = run(args, readOnly)
    assert.is(ran.status, code, `${args.join(' ')}: ${ran.stderr}`)
    explains(ran.stderr, {
      says: [/cannot be (written|opened)|permission denied/],
      hint: /writable|the user who owns|permissions/,
    })
  }
})

asRoot('a repository that may not be read', () => {
  const secret = join(work, 'secret')
  cpSync(repo, secret, { recursive: true })
  writeFileSync(join(secret, 'config.json'), '{}')
  chmodSync(secret, 0o700)
  for (const args of [
    ['cat', root],
    ['add', input],
    ['config', 'show'],
  ]) {
    const ran = run(args, secret)
    assert.is(ran.status, 2, ran.stderr)
    explains(ran.stderr, { says: [`${secret}/config.json cannot be read`, 'permission denied'], hint: /./ })
  }
})

test.run()
