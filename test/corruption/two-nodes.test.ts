import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cairn, cairnOk, startDaemon, temporaryFolder } from '../support/cairn.ts'
import { randomBytes } from '../support/files.ts'

/** In the middle of the only pack. */
function spoil(repo: string): void {
  const folder = join(repo, 'packs')
  const [name = ''] = readdirSync(folder)
  const bytes = readFileSync(join(folder, name))
  bytes.fill(0xee, bytes.byteLength / 2, bytes.byteLength / 2 + 100)
  writeFileSync(join(folder, name), bytes)
}

test('two nodes: what has rotted on one comes from the other through the gateway, is kept again, counted and logged', async () => {
  const work = temporaryFolder('rot')
  const [repoA, repoB] = [join(work, 'a'), join(work, 'b')]
  const content = randomBytes(3)(3_000_000)
  writeFileSync(join(work, 'file'), content)
  const root = await cairnOk(['add', '-Q', join(work, 'file')], { repo: repoA })
  assert.is(await cairnOk(['add', '-Q', join(work, 'file')], { repo: repoB }), root)
  spoil(repoB)
  assert.is((await cairn(['repo', 'check', '--read-data'], { repo: repoB })).code, 6)
  const alone = await cairn(['cat', root], { repo: repoB })
  assert.ok(alone.code !== 0 && alone.stderr.includes('damaged'), 'nobody to ask: an error, and no wrong byte')

  const a = await startDaemon({ repo: repoA, mode: 'lan' })
  const b = await startDaemon({ repo: repoB, mode: 'lan', args: ['--connect', a.swarm[0] ?? ''] })
  try {
    const response = await fetch(`${b.gateway}/ipfs/${root}`)
    assert.ok(Buffer.from(await response.arrayBuffer()).equals(content))
    const metrics = await (await fetch(`${b.api}/metrics`)).text()
    assert.match(metrics, /^cairn_repaired_blocks_total [1-9]/m)
    assert.match(b.log(), 'a damaged block was fetched again')
  } finally {
    await a.stop()
    await b.stop()
  }
  const after = await cairn(['repo', 'check', '--read-data', '--json'], { repo: repoB })
  assert.is(after.code, 0, after.stdout)
  console.log('\n» corruption, two nodes: 1 rotten block served right, kept again, check clean')
})

test.run()
