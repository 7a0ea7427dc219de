import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { denyPaths } from '../../src/policy/deny-paths.ts'
import { cairn, cairnOk, startDaemon, temporaryFolder } from '../support/cairn.ts'

const BLOCKED = 7
/** What a daemon may take; a test waits longer than that before it says no. */
const SOON_MS = 1000

function newRepo(): { repo: string; folder: string } {
  const base = temporaryFolder('deny-cli')
  const folder = join(base, 'site')
  mkdirSync(folder)
  for (const name of ['keep', 'secret']) writeFileSync(join(folder, name), `${name} it is\n`)
  return { repo: join(base, 'repo'), folder }
}

test('every command refuses what is blocked, says by which rule, and works again when the rule is gone', async () => {
  const { repo, folder } = newRepo()
  const root = await cairnOk(['add', '-Q', folder], { repo })
  const secret = await cairnOk(['add', '-q', join(folder, 'secret')], { repo })
  assert.is(await cairnOk(['deny', 'add', secret, '--reason', 'not for eyes'], { repo }), `blocked ${secret}`)
  assert.match(await cairnOk(['deny', 'check', secret], { repo }), /blocked by own:1 \(410\): not for eyes$/)
  assert.match(await cairnOk(['deny', 'check', root], { repo }), /free$/)
  const target = join(temporaryFolder('out'), 'x')
  const commands = [
    ['cat', secret],
    ['cat', `/ipfs/${root}/secret`],
    ['get', secret, '-o', target],
    ['ls', secret],
    ['stat', secret],
    ['pin', 'add', secret],
    ['block', 'get', secret],
    ['dag', 'export', secret],
    ['dag', 'stat', root],
    ['add', join(folder, 'secret')],
  ]
  for (const args of commands) {
    const { code, stderr, stdout } = await cairn(args, { repo })
    assert.is(code, BLOCKED, `${args.join(' ')}: ${stdout}${stderr}`)
    assert.match(stderr, /rule own:1/, args.join(' '))
  }
  assert.match(await cairnOk(['ls', root], { repo }), /keep[\s\S]*secret/)
  assert.is(await cairnOk(['cat', `/ipfs/${root}/keep`], { repo }), 'keep it is')
  // Taking it down needs no look at what is blocked.
  await cairnOk(['pin', 'rm', secret], { repo })
  await cairnOk(['block', 'rm', '--purge', '--force', secret], { repo })
  await cairnOk(['deny', 'rm', secret], { repo })
  assert.is((await cairn(['deny', 'rm', secret], { repo })).code, 4)
  assert.is((await cairn(['cat', secret], { repo })).code, 4)
  await cairnOk(['add', join(folder, 'secret')], { repo })
  const { code, stderr } = await cairn(['deny', 'add', 'nonsense'], { repo })
  assert.is(code, 2)
  assert.match(stderr, /no rule can be made of/)
  const log = readFileSync(denyPaths(repo).log, 'utf8').trim().split('\n')
  assert.ok(log.length >= commands.length && log.every(line => JSON.parse(line).rule === 'own:1'))
})

test('a running daemon follows within a second, and counts what it refuses', async () => {
  const { repo, folder } = newRepo()
  const root = await cairnOk(['add', '-Q', folder], { repo })
  const daemon = await startDaemon({ repo })
  try {
    const status = async () => (await fetch(`${daemon.gateway}/ipfs/${root}/secret`)).status
    assert.is(await status(), 200)
    for (const [args, expected] of [
      [['deny', 'add', `/ipfs/${root}/secret`, '--legal'], 451],
      [['deny', 'rm', `/ipfs/${root}/secret`], 200],
      [['deny', 'add', root], 410],
    ] as const) {
      await cairnOk(args, { repo })
      const since = performance.now()
      while ((await status()) !== expected && performance.now() - since < 10 * SOON_MS);
      assert.is(await status(), expected, args.join(' '))
    }
    const pinned = await fetch(`${daemon.api}/api/v0/pin/add?arg=${root}`, { method: 'POST' })
    assert.is(pinned.headers.get('x-cairn-code'), 'BLOCKED')
    assert.match(await (await fetch(`${daemon.api}/metrics`)).text(), /cairn_refused_total\{door="content"\} [1-9]/)
    rmSync(denyPaths(repo).folder, { recursive: true })
    const since = performance.now()
    while ((await status()) !== 200 && performance.now() - since < 10 * SOON_MS);
    assert.is(await status(), 200)
  } finally {
    await daemon.stop()
  }
})

test('what is denied does not come back with a rebuild of the database', async () => {
  const { repo, folder } = newRepo()
  const root = await cairnOk(['add', '-Q', folder], { repo })
  const secret = await cairnOk(['add', '-q', join(folder, 'secret')], { repo })
  await cairnOk(['deny', 'add', secret], { repo })
  await cairnOk(['repo', 'rebuild'], { repo })
  await cairnOk(['deny', 'rm', secret], { repo })
  assert.is((await cairn(['cat', secret], { repo })).code, 4)
  assert.is(await cairnOk(['cat', `/ipfs/${root}/keep`], { repo }), 'keep it is')
})

test.run()
