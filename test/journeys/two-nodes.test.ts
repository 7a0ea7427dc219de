import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cairn, cairnOk, startDaemon, temporaryFolder } from '../support/cairn.ts'
import { differences, makeTree } from '../support/files.ts'

test('a folder is added on one node, pinned on another, and served by it after the first is gone', async () => {
  const work = temporaryFolder('two-nodes')
  const [repoA, repoB] = [join(work, 'a'), join(work, 'b')]
  const folder = makeTree(join(work, 'folder'), { seed: 9, count: 300 })
  mkdirSync(join(folder, 'deep/er'), { recursive: true })
  writeFileSync(join(folder, 'deep/er/large.bin'), Buffer.alloc(5 * 1024 * 1024, 'large '))
  const root = await cairnOk(['add', '-Q', folder], { repo: repoA })

  const a = await startDaemon({ repo: repoA, mode: 'lan' })
  const b = await startDaemon({ repo: repoB, mode: 'lan', args: ['--connect', a.swarm[0] ?? ''] })
  try {
    await cairnOk(['pin', 'add', root], { repo: repoB, env: { CAIRN_MODE: 'lan' } })
    await a.kill()
    const response = await fetch(`${b.gateway}/ipfs/${root}/deep/er/large.bin`)
    assert.is(response.status, 200)
    assert.ok(Buffer.from(await response.arrayBuffer()).equals(Buffer.alloc(5 * 1024 * 1024, 'large ')))
    const copy = join(work, 'copy')
    await cairnOk(['get', root, '-o', copy], { repo: repoB })
    assert.equal(differences(folder, copy), [])
  } finally {
    await a.kill()
    await b.stop()
  }
  const check = await cairn(['repo', 'check', '--read-data'], { repo: repoB })
  assert.is(check.code, 0, check.stdout + check.stderr)
})

test.run()
