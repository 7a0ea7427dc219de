import { execFileSync, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BIN, cairn, cairnOk, temporaryFolder } from '../support/cairn.ts'
import { canHold, whileReading } from './held.ts'
import { assertSound, explains, refused } from './support.ts'

const work = realpathSync(temporaryFolder('sources'))
const repo = join(work, 'repo')
const MiB = 1024 * 1024
/** Larger than a chunk, and long enough to be caught reading; sparse. */
const LARGE = 256 * MiB

function large(path: string): string {
  ftruncateSync(openSync(path, 'w'), LARGE)
  return path
}

function folder(name: string): string {
  const path = join(work, name)
  mkdirSync(path)
  writeFileSync(join(path, 'a-first'), 'first\n')
  writeFileSync(join(path, 'z-last'), 'last\n')
  return path
}

/** Exit 3: what failed is named, what did not is there, under a root that is pinned. */
async function assertPartly(ran: { code: number | null; stdout: string; stderr: string }, bad: readonly RegExp[]) {
  assert.is(ran.code, 3, ran.stdout + ran.stderr)
  for (const line of bad) assert.match(ran.stderr, line)
  explains(ran.stderr, { says: [/could not be added/], hint: 'listed above' })
  const root = /^added (\S+) [^/\n]+$/m.exec(ran.stdout)?.[1] ?? ''
  assert.is(await cairnOk(['cat', `${root}/a-first`, `${root}/z-last`], { repo }), 'first\nlast')
  assert.match(await cairnOk(['pin', 'ls'], { repo }), `${root} recursive`)
  await assertSound(repo)
}

test('what is not there', async () => {
  const missing = join(work, 'missing')
  await refused(['add', missing], { repo, code: 4, says: [`there is no file or folder ${missing}`], hint: /path/ })
  await refused(['add', work, missing], { repo, code: 4, says: [missing], hint: /path/ })
  for (const command of [
    ['dag', 'import'],
    ['block', 'put'],
  ])
    await refused([...command, missing], { repo, code: 4, says: [missing, 'no such file'], hint: /path/ })
})

test('a pipe, a socket and a dangling link in the middle of a folder: told, the rest is added', async () => {
  const mixed = folder('mixed')
  execFileSync('mkfifo', [join(mixed, 'm-pipe')])
  const server = createServer().listen(join(mixed, 'n-socket'))
  symlinkSync('nowhere', join(mixed, 'o-dangling'))
  try {
    const links = await cairn(['add', mixed], { repo })
    await assertPartly(links, [/^not added: .*m-pipe: pipes, sockets/m, /^not added: .*n-socket: pipes, sockets/m])
    const followed = await cairn(['add', '--dereference-symlinks', mixed], { repo })
    await assertPartly(followed, [/m-pipe/, /n-socket/, /^not added: .*o-dangling/m])
    const json = await cairn(['add', '--json', mixed], { repo })
    const events = json.stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
    assert.equal(
      events.filter(({ type }) => type === 'failed').map(({ name }) => name),
      ['mixed/m-pipe', 'mixed/n-socket'],
    )
    assert.is(events.at(-1).failed, 2)
    assert.is(JSON.parse(json.stderr).error.exit, 3)
  } finally {
    server.close()
  }
  const pipe = join(mixed, 'm-pipe')
  await refused(['add', pipe], { repo, code: 3, says: [`cannot read ${pipe}`, 'pipes, sockets'], hint: /./ })
  await refused(['dag', 'import', mixed], { repo, code: 2, says: ['is a folder'], hint: 'for `cairn add`' })
  await refused(['block', 'put', mixed], { repo, code: 2, says: ['is a folder'], hint: 'for `cairn add`' })
})

const NOBODY = ['--reuid', '65534', '--regid', '65534', '--clear-groups']
const canChangeUser = spawnSync('setpriv', [...NOBODY, process.execPath, BIN, 'version']).status === 0
if (!canChangeUser) console.error('SKIPPED: not root, or no setpriv: root may read everything')

;(canChangeUser ? test : test.skip)('files and folders that may not be read: told, the rest is added', async () => {
  const guarded = folder('guarded')
  mkdirSync(join(guarded, 'm-folder'))
  writeFileSync(join(guarded, 'n-file'), 'secret')
  for (const name of ['m-folder', 'n-file']) chmodSync(join(guarded, name), 0)
  for (const path of [join(work, '..'), work, guarded]) chmodSync(path, 0o755)
  execFileSync('chmod', ['-R', 'a+rwX', repo])
  const run = (args: readonly string[]) => {
    const env = { ...process.env, CAIRN_REPO: repo, CAIRN_MODE: 'offline' }
    const { status, stdout, stderr } = spawnSync('setpriv', [...NOBODY, process.execPath, BIN, ...args], {
      encoding: 'utf8',
      env,
    })
    return { code: status, stdout, stderr }
  }
  const denied = [/^not added: .*m-folder.*permission denied/m, /^not added: .*n-file.*permission denied/m]
  await assertPartly(run(['add', guarded]), denied)
  const alone = run(['add', join(guarded, 'n-file')])
  assert.is(alone.code, 3)
  explains(alone.stderr, { says: ['permission denied'], hint: 'may be read' })
})

const held = canHold ? test : test.skip
if (!canHold) console.error('SKIPPED: no /proc here to see what a process has open')

held('a large file that grows, shrinks or is rewritten while it is read', async () => {
  for (const [name, change, says] of [
    ['grows', (file: string) => appendFileSync(file, 'more'), 'grew'],
    ['shrinks', (file: string) => truncateSync(file, 3 * MiB), 'shrank'],
  ] as const) {
    const changing = folder(name)
    const file = large(join(changing, 'm-large'))
    const ran = await whileReading(['add', changing], { repo, file, meanwhile: () => change(file) })
    await assertPartly(ran, [new RegExp(`^not added: .*m-large ${says} while it was read`, 'm')])
    rmSync(file)
  }
  // As the only input it is all that was asked for: nothing is pinned.
  const file = large(join(work, 'alone'))
  const before = await cairnOk(['pin', 'ls'], { repo })
  const ran = await whileReading(['add', file], { repo, file, meanwhile: () => appendFileSync(file, 'more') })
  assert.is(ran.code, 3, ran.stderr)
  explains(ran.stderr, { says: ['alone grew while it was read'], hint: 'add it again' })
  assert.is(await cairnOk(['pin', 'ls'], { repo }), before)
  await assertSound(repo)
})

held('a file that vanishes after its folder was listed', async () => {
  const vanishing = folder('vanishes')
  const [file, gone] = [large(join(vanishing, 'm-large')), join(vanishing, 'n-gone')]
  writeFileSync(gone, 'soon gone')
  const ran = await whileReading(['add', vanishing], { repo, file, meanwhile: () => rmSync(gone) })
  await assertPartly(ran, [/^not added: .*n-gone vanished while it was read/m])
})

test.run()
