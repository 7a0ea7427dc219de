import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { mountTypeOf, networkFilesystem } from '../../src/store/database/filesystem.ts'
import { BIN, cairn, cairnOk, temporaryFolder } from '../support/cairn.ts'
import { randomBytes } from '../support/files.ts'
import { setSchema } from '../support/schema.ts'
import { assertSound, explains, refused } from './support.ts'

const work = temporaryFolder('repository')

async function newRepo(name: string): Promise<{ repo: string; cid: string; file: string }> {
  const repo = join(work, name)
  const cid = await cairnOk(['add', '-Q'], { repo, input: 'hello\n' })
  return { repo, cid, file: join(repo, 'cairn.db') }
}

test('a repository of a newer version is left as it is, by every command', async () => {
  const { repo, cid, file } = await newRepo('newer')
  const before = setSchema(file, 999)
  const says = [`${file} has schema 999; this Cairn knows ${before} and older`]
  for (const args of [
    ['cat', cid],
    ['add', BIN],
    ['init'],
    ['pin', 'ls'],
    ['gc'],
    ['repo', 'check'],
    ['repo', 'stat'],
    ['daemon'],
  ])
    await refused(args, { repo, code: 10, says, hint: 'install the newer Cairn' })
  assert.is(setSchema(file, before), 999)
  assert.is(await cairnOk(['cat', cid], { repo }), 'hello')
  await assertSound(repo)
})

test('a database that is none, one of another program, and none at all', async () => {
  const { repo, cid, file } = await newRepo('damaged')
  for (const name of ['cairn.db-wal', 'cairn.db-shm']) rmSync(join(repo, name), { force: true })
  writeFileSync(file, 'this is not a database, whatever its name says'.repeat(200))
  const bytes = readFileSync(file)
  for (const args of [['cat', cid], ['add', BIN], ['repo', 'check'], ['daemon']])
    await refused(args, { repo, code: 10, says: [/cairn\.db is (damaged|not a database)/], hint: /backup|repo check/ })
  assert.ok(readFileSync(file).equals(bytes), 'what could have been saved was written over')

  rmSync(file)
  const foreign = new DatabaseSync(file)
  foreign.exec('CREATE TABLE theirs (x); PRAGMA user_version = 1')
  foreign.close()
  await refused(['add', BIN], { repo, code: 10, says: ['is not a database of Cairn'], hint: /./ })

  const empty = join(work, 'empty')
  mkdirSync(empty)
  for (const args of [['cat', cid], ['pin', 'ls'], ['gc'], ['repo', 'check']])
    await refused(args, { repo: empty, code: 10, says: [`there is no repository at ${empty}`], hint: 'cairn init' })
})

test('an identity that is none', async () => {
  const { repo } = await newRepo('identity')
  await cairnOk(['id'], { repo })
  writeFileSync(join(repo, 'identity.key'), 'no key')
  for (const args of [['id'], ['daemon', '--api', '127.0.0.1:0', '--gateway', '127.0.0.1:0']])
    await refused(args, { repo, code: 10, says: ['is not an Ed25519 key'], hint: 'restore it from a backup' })
})

test('network file systems by what the system says of them', () => {
  const none = () => ''
  for (const [magic, kind] of [
    [0x6969, 'NFS'],
    [0xff534d42, 'CIFS'],
    [0xff534d42 | 0, 'CIFS'],
    [0x01021997, '9p'],
  ] as const)
    assert.is(networkFilesystem(magic, none), kind)
  for (const local of [0xef53, 0x58465342, 0x9123683e, 0x01021994]) assert.is(networkFilesystem(local, none), undefined)
  assert.is(
    networkFilesystem(0x65735546, () => 'fuse.sshfs'),
    'fuse.sshfs',
  )
  assert.is(
    networkFilesystem(0x65735546, () => 'fuseblk'),
    undefined,
  )
  const mounts = [
    '1 0 8:1 / / rw - ext4 /dev/a rw',
    `2 1 0:9 / ${work} rw shared:1 - fuse.rclone remote: rw`,
    `3 1 0:9 / ${work}-other rw - tmpfs tmpfs rw`,
  ]
  assert.is(mountTypeOf(work, mounts.join('\n')), 'fuse.rclone')
})

const FUSE = join(import.meta.dirname, 'fuse.ts')
/** A command on a mount of that type, or undefined where nothing can be mounted. */
function onMount(type: string, args: readonly string[]) {
  const folder = temporaryFolder('mount')
  const command = [process.execPath, FUSE, folder, type, BIN, '--repo', folder, ...args]
  const options = { encoding: 'utf8', timeout: 30_000, killSignal: 'SIGKILL' } as const
  return spawnSync('unshare', ['-rm', ...command], options)
}

const canMount = onMount('fuse.sshfs', ['version']).status === 0
if (!canMount) console.error('SKIPPED: nothing can be mounted here by FUSE (unshare -rm, /dev/fuse)')

;(canMount ? test : test.skip)('a repository on a network file system is refused', () => {
  for (const args of [['init'], ['add', BIN], ['daemon']]) {
    const { status, stdout, stderr } = onMount('fuse.sshfs', args)
    assert.is(status, 10, stderr)
    assert.is(stdout, '')
    explains(stderr, {
      says: ['lies on a network file system (fuse.sshfs)'],
      hint: 'put the repository on a local disk',
    })
  }
  // A FUSE of another kind may be a local disk: it is refused for what it cannot do, not for what it is.
  explains(onMount('fuse.other', ['init']).stderr, { says: ['function not implemented'], hint: '--repo' })
})

test('a disk that shows damage: the command says which block, and what helps', async () => {
  const { repo } = await newRepo('rot')
  const big = await cairnOk(['add', '-Q'], { repo, input: randomBytes(1)(5_000_000) })
  const packs = join(repo, 'packs')
  const name = readdirSync(packs).find(entry => entry.endsWith('.pack')) ?? ''
  const pack = readFileSync(join(packs, name))
  pack.writeUInt8(pack.readUInt8(pack.length - 1000) ^ 1, pack.length - 1000)
  writeFileSync(join(packs, name), pack)
  const check = await cairn(['repo', 'check', '--read-data'], { repo })
  assert.is(check.code, 6, check.stdout)
  explains(check.stderr, { says: ['the repository has 1 error'], hint: 'repo check --read-data --repair' })
  const bad = /^error: bad-hash: (?:.* )?(baf\w+)/m.exec(check.stdout)?.[1] ?? check.stdout
  await refused(['dag', 'export', big, '-o', join(work, 'rot.car')], { repo, code: 6, says: [bad], hint: 'repo check' })
  assert.not.ok(existsSync(join(work, 'rot.car')))
  assert.is((await cairn(['pin', 'verify'], { repo })).code, 6)
})

test.run()
