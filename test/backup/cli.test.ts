import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { repoPaths } from '../../src/store/paths.ts'
import { cairn, cairnOk, startDaemon, temporaryFolder } from '../support/cairn.ts'
import { differences, makeTree } from '../support/files.ts'

const work = temporaryFolder('backup-cli')

test('backup beside a daemon, restore, and the same content from both', async () => {
  const repo = join(work, 'repo')
  const input = makeTree(join(work, 'in'), { seed: 7, count: 120, maxBytes: 20_000 })
  const root = await cairnOk(['add', '-Q', input], { repo })
  const daemon = await startDaemon({ repo })
  const to = join(work, 'copy')
  try {
    const done = JSON.parse(await cairnOk(['backup', '--verify', '--json', to], { repo })) as Record<string, number>
    assert.ok((done.verified ?? 0) > 120)
    await cairnOk(['add', '-Q'], { repo, input: 'more\n' })
    assert.match(await cairnOk(['backup', to], { repo }), /backed up \d+ blocks .* were there/)
  } finally {
    await daemon.stop()
  }
  assert.match(
    await cairnOk(['restore', '--dry-run', to], { repo: join(work, 'none') }),
    /is whole: \d+ blocks verified/,
  )
  const restored = join(work, 'restored')
  assert.match(await cairnOk(['restore', to], { repo: restored }), /restored \d+ blocks .* and 2 pins/)
  await cairnOk(['get', root, '-o', join(work, 'out')], { repo: restored })
  assert.equal(differences(input, join(work, 'out')), [])
  assert.match(await cairnOk(['repo', 'check', '--read-data'], { repo: restored }), /sound/)
  assert.is(await cairnOk(['id', '--json'], { repo: restored }), await cairnOk(['id', '--json'], { repo }))
  const again = await cairn(['restore', to], { repo: restored })
  assert.is(again.code, 7)
  assert.match(again.stderr, /is not empty/)
})

test('no backup inside the repository, by whatever way', async () => {
  const repo = join(work, 'own')
  await cairnOk(['add', '-Q'], { repo, input: 'own\n' })
  const link = join(work, 'own-link')
  symlinkSync(repo, link)
  for (const folder of [repo, join(repo, 'packs', 'copy'), join(link, 'a', 'b')]) {
    const { code, stderr } = await cairn(['backup', folder], { repo })
    assert.is(code, 7, folder)
    assert.match(stderr, 'lies in the repository itself')
  }
  await cairnOk(['backup', `${repo}-copy`], { repo })
})

test('a broken database: every command names the one that helps, and it does', async () => {
  const repo = join(work, 'broken')
  const input = makeTree(join(work, 'in2'), { seed: 8, count: 120, maxBytes: 20_000 })
  const root = await cairnOk(['add', '-Q', input], { repo })
  await cairnOk(['gc', '-q'], { repo })
  const { database } = repoPaths(repo)
  for (const end of ['-wal', '-shm']) rmSync(`${database}${end}`, { force: true })
  writeFileSync(database, 'no database\n'.repeat(1000))
  for (const args of [['cat', root], ['pin', 'ls'], ['add', input], ['daemon']]) {
    const { code, stderr } = await cairn(args, { repo })
    assert.is(code, 10, args.join(' '))
    assert.match(stderr, /cairn repo rebuild/)
  }
  assert.match(await cairnOk(['repo', 'rebuild'], { repo }), /rebuilt: \d+ blocks/)
  assert.match(await cairnOk(['repo', 'check', '--read-data'], { repo }), /sound/)
  await cairnOk(['get', root, '-o', join(work, 'out2')], { repo })
  assert.equal(differences(input, join(work, 'out2')), [])
  assert.match(await cairnOk(['pin', 'ls'], { repo }), new RegExp(root))
})

test('repo check --repair makes a broken or lost database anew', async () => {
  const repo = join(work, 'repaired')
  const root = await cairnOk(['add', '-Q', makeTree(join(work, 'in3'), { seed: 9, count: 60 })], { repo })
  await cairnOk(['repo', 'check'], { repo })
  const { database } = repoPaths(repo)
  const bytes = readFileSync(database)
  bytes.fill(0, 8 * 4096)
  writeFileSync(database, bytes)
  const args = ['repo', 'check', '--read-data', '--repair', '--offline']
  assert.match(await cairnOk(args, { repo }), /rebuilt: \d+ blocks.*sound/s)
  assert.match(await cairnOk(['pin', 'ls'], { repo }), new RegExp(root))
  for (const end of ['', '-wal', '-shm']) rmSync(`${database}${end}`, { force: true })
  for (const [words, code] of [
    [['repo', 'check'], 10],
    [['pin', 'ls'], 10],
    [['add', '-Q', join(work, 'in3')], 10],
  ] as const)
    assert.is((await cairn([...words], { repo })).code, code, words.join(' '))
  assert.match(await cairnOk(args, { repo }), /rebuilt: \d+ blocks.*sound/s)
  assert.match(await cairnOk(['pin', 'ls'], { repo }), new RegExp(root))
})

test('where nothing tells any more what was pinned, a rebuild says so and ends with 3', async () => {
  for (const args of [
    ['repo', 'rebuild'],
    ['repo', 'check', '--repair'],
  ]) {
    const repo = join(work, `forgotten-${args.length}`)
    await cairnOk(['add', '-Q', makeTree(join(work, repo), { seed: 9, count: 40, maxBytes: 90_000 })], { repo })
    const { database, backups } = repoPaths(repo)
    for (const end of ['', '-wal', '-shm']) rmSync(`${database}${end}`, { force: true })
    rmSync(backups, { recursive: true, force: true })
    const { code, stdout, stderr } = await cairn(args, { repo })
    assert.is(code, 3, stderr)
    assert.match(stdout, /rebuilt: \d+ blocks/)
    assert.match(stderr, /no pin could be recovered.*\n.*pin again what matters.*1h/)
    assert.match(await cairnOk(['repo', 'check'], { repo }), /sound/)
  }
})

test('a page of zeros met in the middle of a command is damage, not a bug of ours', async () => {
  const repo = join(work, 'page')
  await cairnOk(['add', '-Q'], { repo, input: 'x\n' })
  const { database } = repoPaths(repo)
  const bytes = readFileSync(database)
  bytes.fill(0, 4096)
  writeFileSync(database, bytes)
  const { code, stderr } = await cairn(['pin', 'ls'], { repo })
  assert.is(code, 10)
  assert.match(stderr, /cairn repo rebuild/)
})

test('a rebuild beside a daemon, or beside a reader, is refused with its pid', async () => {
  const repo = join(work, 'used')
  await cairnOk(['add', '-Q'], { repo, input: 'x\n' })
  const daemon = await startDaemon({ repo })
  const { code, stderr } = await cairn(['repo', 'rebuild'], { repo })
  const { pid } = daemon.child
  await daemon.stop()
  assert.is(code, 11)
  assert.match(stderr, new RegExp(`process ${pid}.*cairn shutdown`, 's'))
  const text = `const { DatabaseSync } = require('node:sqlite')
    const database = new DatabaseSync(process.argv[1])
    database.prepare('SELECT count(*) FROM pins').get()
    console.log('open')
    setInterval(() => database.isOpen, 1000)`
  const reader = spawn(process.execPath, ['-e', text, repoPaths(repo).database], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  try {
    await once(reader.stdout, 'data')
    const link = join(work, 'link')
    symlinkSync(repo, link)
    for (const name of [repo, link]) {
      const refused = await cairn(['repo', 'rebuild'], { repo: name })
      assert.is(refused.code, 11)
      assert.match(refused.stderr, new RegExp(`process ${reader.pid} has`))
    }
  } finally {
    reader.kill('SIGKILL')
    await once(reader, 'exit')
  }
  assert.match(await cairnOk(['repo', 'rebuild'], { repo }), /rebuilt/)
})

test.run()
