import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { generateSwarmKey } from '../../src/net/swarm-key.ts'
import { cairn, cairnOk, startDaemon, type TestDaemon, temporaryFolder } from '../support/cairn.ts'
import { randomBytes } from '../support/files.ts'
import { ABSENT, ask, assertSound, explains, refused, refusedByGateway, refusedByRpc } from './support.ts'

const work = temporaryFolder('missing')
const MiB = 1024 * 1024

/** A repository with a file of three leaves whose second is gone. */
async function withHole(repo: string): Promise<{ root: string; leaf: string }> {
  const input = randomBytes(7)(3 * MiB)
  const root = await cairnOk(['add', '-Q', '--no-pin'], { repo, input })
  const second = input.subarray(MiB, 2 * MiB)
  const leaf = await cairnOk(['add', '-Q', '-n'], { repo, input: second })
  await cairnOk(['block', 'rm', leaf], { repo })
  return { root, leaf }
}

test('offline, without a daemon: what is not here, for every command that reads', async () => {
  const repo = join(work, 'offline')
  await cairnOk(['init'], { repo })
  const expected = {
    repo,
    cwd: work,
    code: 4,
    says: [`block ${ABSENT} is not here`],
    hint: 'start a node that is online',
  }
  for (const command of [
    ['cat'],
    ['get'],
    ['ls'],
    ['stat'],
    ['pin', 'add'],
    ['block', 'get'],
    ['block', 'stat'],
    ['dag', 'stat'],
  ])
    await refused([...command, ABSENT], expected)
  await refused(['dag', 'export', '-o', join(work, 'x.car'), ABSENT], expected)
  assert.not.ok(existsSync(join(work, 'x.car')))
  // The flag makes a node of any mode an offline one.
  await refused(['--offline', 'cat', ABSENT], { ...expected, env: { CAIRN_MODE: 'lan' } })
  const json = await cairn(['cat', '--json', ABSENT], { repo })
  const { error } = JSON.parse(json.stderr)
  assert.equal([json.code, error.code, error.exit], [4, 'BLOCK_NOT_LOCAL', 4])
  assert.match(error.hint, 'start a node that is online')
})

test('a file with a hole: nothing half is left, nothing whole is claimed', async () => {
  const repo = join(work, 'hole')
  const { root, leaf } = await withHole(repo)
  const says = [`block ${leaf} is not here`]
  const hint = 'start a node that is online'
  const cat = await cairn(['cat', root], { repo })
  assert.is(cat.code, 4)
  explains(cat.stderr, { says, hint })
  const target = join(work, 'hole.bin')
  await refused(['get', root, '-o', target], { repo, code: 4, says, hint })
  await refused(['dag', 'export', root, '-o', target], { repo, code: 4, says, hint })
  await refused(['dag', 'stat', root], { repo, code: 4, says, hint })
  await refused(['pin', 'add', root], { repo, code: 4, says, hint })
  assert.equal(
    readdirSync(work).filter(name => name.startsWith('hole.bin')),
    [],
  )
  assert.match(await cairnOk(['pin', 'ls'], { repo }), `${root} recursive (failed)`)
  const daemon = await startDaemon({ repo })
  try {
    const cut = await fetch(`${daemon.gateway}/ipfs/${root}`)
      .then(response => response.arrayBuffer())
      .catch(error => error)
    assert.instance(cut, Error, 'an answer with a hole ended as if it were whole')
    assert.is((await ask(daemon.gateway, `/ipfs/${leaf}`)).status, 404)
  } finally {
    await daemon.stop()
  }
  await cairnOk(['pin', 'rm', root], { repo })
  await assertSound(repo)
})

test('offline, with a daemon: 404 that says so, at each door', async () => {
  const repo = join(work, 'daemon')
  const daemon = await startDaemon({ repo })
  try {
    await refusedByGateway(daemon.gateway, `/ipfs/${ABSENT}`, { status: 404, says: [/lock baf\w+ is not here/] })
    await refusedByGateway(daemon.gateway, `/ipfs/${ABSENT}?format=raw`, { status: 404, says: ['is not here'] })
    for (const call of ['cat', 'block/get', 'ls', 'pin/add', 'dag/export'])
      await refusedByRpc(daemon.api, `${call}?arg=${ABSENT}`, ['block was not found locally (offline)', ABSENT])
    for (const command of [['cat'], ['pin', 'add']])
      await refused([...command, ABSENT], { repo, code: 4, says: [ABSENT], hint: 'online' })
  } finally {
    await daemon.stop()
  }
})

test('online, and nobody has it: 504 and exit 5, with everybody who was asked', async () => {
  const [repo, other] = [join(work, 'asking'), join(work, 'asked')]
  const key = generateSwarmKey()
  const daemons: TestDaemon[] = []
  for (const at of [other, repo]) {
    await cairnOk(['init'], { repo: at })
    writeFileSync(join(at, 'swarm.key'), key)
    const peers = daemons.flatMap(({ swarm }) => ['--connect', swarm[0] ?? ''])
    const args = ['--config', 'gateway.retrievalTimeout=2s', ...peers]
    daemons.push(await startDaemon({ repo: at, mode: 'private', args }))
  }
  const [asked, asking] = daemons as [TestDaemon, TestDaemon]
  const env = { CAIRN_MODE: 'private' }
  try {
    await cairnOk(['swarm', 'connect', asked.swarm[0] ?? ''], { repo, env })
    const denied = new RegExp(`peer ${asked.peerId}: (does not have it|did not)`)
    await refusedByGateway(asking.gateway, `/ipfs/${ABSENT}`, { status: 504, says: [/o peer gave baf/, denied] })
    const expected = { repo, env, code: 5, hint: 'try again' }
    await refused(['cat', '--timeout', '2s', ABSENT], { ...expected, says: [/too long|deadline|no peer gave/] })
    await refused(['pin', 'add', '--timeout', '2s', ABSENT], { ...expected, says: [/too long|deadline|no peer gave/] })
    await asked.stop()
    await refusedByGateway(asking.gateway, `/ipfs/${ABSENT}`, { status: 504, says: ['no peer is connected'] })
  } finally {
    for (const daemon of daemons) await daemon.stop()
  }
  // A command's own node, with nobody around.
  await refused(['cat', '--timeout', '2s', ABSENT], { repo, env, code: 5, says: [/./], hint: 'try again' })
  await assertSound(repo)
})

test.run()
