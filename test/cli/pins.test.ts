import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runCli } from '../support/memory-io.ts'

const MISSING = 'bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am'

const repoIn = () => join(mkdtempSync(join(tmpdir(), 'cli-pins-')), 'repo')

async function withRepo(
  work: (
    run: (...argv: string[]) => ReturnType<typeof runCli>,
    ok: (...argv: string[]) => Promise<string>,
  ) => Promise<void>,
  input = 'some bytes',
) {
  const env = { CAIRN_REPO: repoIn(), CAIRN_MODE: 'offline' }
  const run = (...argv: string[]) => runCli(argv, { env, input })
  const ok = async (...argv: string[]) => {
    const { code, stdout, stderr } = await run(...argv)
    assert.is(code, 0, `${argv.join(' ')}: ${stderr}`)
    return stdout.trimEnd()
  }
  await ok('init', '-q')
  await work(run, ok)
}

const jsonLines = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line))

test('pin add --background queues, says that no daemon runs, and pin status tells what it waits for', () =>
  withRepo(async (run, ok) => {
    const queued = await run('pin', 'add', '--background', '--priority', '3', '--name', 'later', MISSING)
    assert.is(queued.code, 0)
    assert.is(queued.stdout, `queued ${MISSING}\n`)
    assert.match(queued.stderr, /no daemon runs/)
    const status = await ok('pin', 'status', MISSING)
    assert.is(status, `${MISSING}  queued  recursive  "later"  priority 3\n  waits for a daemon: none runs`)
    assert.is(await ok('pin', 'status'), status)
    assert.is(await ok('pin', 'ls', '--status', 'queued'), status)
    assert.is(await ok('pin', 'ls', '--status', 'pinned'), '')
    const [json] = jsonLines(await ok('pin', 'status', '--json'))
    assert.equal([json.status, json.priority, json.name, json.attempts], ['queued', 3, 'later', 0])
    const unknown = await run('pin', 'status', 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku')
    assert.is(unknown.code, 4)
    await ok('pin', 'rm', MISSING)
    assert.is(await ok('pin', 'status'), '')
  }))

test('a pin that fails says why, in pin status and in pin ls; asked for again in the background it is queued anew', () =>
  withRepo(async (run, ok) => {
    assert.is((await run('pin', 'add', MISSING)).code, 4)
    assert.match(await ok('pin', 'status', MISSING), /failed {2}recursive\n {2}block .* is not here; given up$/)
    const watched = await run('pin', 'status', '--watch', MISSING)
    assert.is(watched.code, 5)
    await ok('pin', 'add', '--background', '-q', MISSING)
    assert.is(
      jsonLines(await ok('pin', 'ls', '--status', 'all', '--json'))
        .map(({ status }) => status)
        .join(),
      'queued',
    )
  }))

test('owner, labels and end: given with pin add, searched with pin ls, shown with --json', () =>
  withRepo(async (run, ok) => {
    const cid = await ok('add', '-Q', '-')
    await ok('pin', 'add', '--owner', 'ann', '--label', 'team=web', '--label', 'tier=1', '--expires-in', '30d', cid)
    await ok('pin', 'add', '--owner', 'bob', '--expires-at', '2999-01-31', cid)
    const [ann] = jsonLines(await ok('pin', 'ls', '--label', 'team=web', '--label', 'tier=1', '--json'))
    assert.equal([ann.owner, ann.labels], ['ann', { team: 'web', tier: '1' }])
    assert.ok(Math.abs(Date.parse(ann.expires) - Date.now() - 30 * 86_400_000) < 60_000)
    const [bob] = jsonLines(await ok('pin', 'ls', '--owner', 'bob', '--json'))
    assert.is(bob.expires, '2999-01-31T00:00:00.000Z')
    assert.is(jsonLines(await ok('pin', 'ls', '--cid', cid, '--json')).length, 3)
    assert.is(await ok('pin', 'ls', '--label', 'team=ops'), '')
    await ok('pin', 'rm', '--owner', 'ann', cid)
    assert.is(jsonLines(await ok('pin', 'ls', '--json')).length, 2)
    for (const bad of [
      ['--label', 'nothing'],
      ['--expires-at', 'tomorrow'],
      ['--expires-at', '2001-01-01'],
      ['--expires-in', '1h', '--expires-at', '2999-01-01'],
      ['--priority', '1.5'],
    ])
      assert.is((await run('pin', 'add', ...bad, cid)).code, 2, bad.join(' '))
  }))

test('an expired pin is gone for gc, and gc --dry-run says so before', () =>
  withRepo(async (run, ok) => {
    const cid = await ok('add', '-Q', '--no-pin', '-')
    await ok('pin', 'add', '--expires-in', '1ms', cid)
    assert.match(await ok('gc', '--dry-run', '--config', 'store.grace=0s'), new RegExp(`would remove ${cid}`))
    assert.is(jsonLines(await ok('pin', 'ls', '--json')).length, 1)
    assert.match(await ok('gc', '--config', 'store.grace=0s'), new RegExp(`removed ${cid}`))
    assert.is(await ok('pin', 'ls'), '')
    assert.is((await run('why', cid)).code, 4)
  }))

test('why: pins with their way, files, grace, and that the next gc takes it', () =>
  withRepo(async (run, ok) => {
    const cid = await ok('add', '-Q', '--no-pin', '-')
    assert.match(await ok('why', cid), /\n {2}grace until .*\nit stays$/)
    assert.match(await ok('why', '--config', 'store.grace=0s', cid), /nothing keeps it: the next `cairn gc` takes it$/)
    const folder = await ok('add', '-Q', '-w', '--stdin-name', 'a.txt', '--to-files', '/docs/', '-').catch(() => '')
    const named = folder === '' ? await ok('add', '-Q', '--to-files', '/a.txt', '-') : folder
    assert.match(await ok('why', named), /pin recursive/)
    assert.match(await ok('why', named), /files \//)
    const events = jsonLines(await ok('why', '--json', named))
    assert.is(events[0].type, 'block')
    assert.equal(events.at(-1), { v: 1, type: 'verdict', verdict: 'safe' })
    assert.is(await ok('why', '-q', named), 'safe')
    const missing = await run('why', MISSING)
    assert.is(missing.code, 4)
    assert.match(missing.stdout, /not here/)
    assert.is((await run('why', '--api', 'nonsense', cid)).code, 2)
  }))

test.run()
