import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cairn, cairnOk, startDaemon, temporaryFolder } from '../support/cairn.ts'
import { differences, makeTree } from '../support/files.ts'

test('without a daemon a command fetches, pins and connects by a node of its own', async () => {
  const work = temporaryFolder('without-daemon')
  const [repoA, repoB] = [join(work, 'a'), join(work, 'b')]
  const folder = makeTree(join(work, 'folder'), { seed: 31, count: 120 })
  const root = await cairnOk(['add', '-Q', folder], { repo: repoA })
  await cairnOk(['init'], { repo: repoB })
  const a = await startDaemon({ repo: repoA, mode: 'lan' })
  const address = a.swarm[0] ?? ''
  const env = { CAIRN_MODE: 'lan', CAIRN_DAEMON_MDNS: 'false', CAIRN_SWARM_PEERS: address }
  try {
    const connected = await cairn(['swarm', 'connect', address], { repo: repoB, env })
    assert.is(connected.code, 0, connected.stderr)
    assert.match(connected.stdout, a.peerId)
    assert.match(connected.stderr, /no daemon runs/)
    const copy = join(work, 'copy')
    await cairnOk(['get', root, '-o', copy], { repo: repoB, env })
    assert.equal(differences(folder, copy), [])
    await cairnOk(['pin', 'add', root], { repo: repoB, env })
  } finally {
    await a.kill()
  }
  assert.match(await cairnOk(['pin', 'ls'], { repo: repoB }), root)
  await cairnOk(['dag', 'stat', root], { repo: repoB })
})

test.run()
