import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cairn, cairnOk, startDaemon, temporaryFolder } from '../support/cairn.ts'
import { differences, makeTree } from '../support/files.ts'

test('three commands add different folders at once, beside a daemon that serves them', async () => {
  const work = temporaryFolder('beside')
  const repo = join(work, 'repo')
  await cairnOk(['init'], { repo })
  const daemon = await startDaemon({ repo })
  try {
    const trees = [1, 2, 3].map(seed => makeTree(join(work, `tree-${seed}`), { seed, count: 1000 }))
    const spans = await Promise.all(
      trees.map(async tree => {
        const startedAt = performance.now()
        const ran = await cairn(['add', '-Q', tree], { repo })
        assert.is(ran.code, 0, ran.stderr)
        assert.not.match(ran.stderr, /lock/i)
        return { cid: ran.stdout.trim(), startedAt, endedAt: performance.now() }
      }),
    )
    const overlapMs = Math.min(...spans.map(span => span.endedAt)) - Math.max(...spans.map(span => span.startedAt))
    assert.ok(overlapMs > 0, 'the commands ran one after the other')
    for (const [index, { cid }] of spans.entries()) {
      const copy = join(work, `copy-${index}`)
      await cairnOk(['get', cid, '-o', copy], { repo })
      assert.equal(differences(trees[index] ?? '', copy), [])
      const response = await fetch(`${daemon.gateway}/ipfs/${cid}/d19/f999`)
      assert.is(response.status, 200)
      await response.arrayBuffer()
    }
    const longest = Math.max(...spans.map(span => span.endedAt - span.startedAt))
    console.log(
      `» beside-daemon: 3 × 1,000 files, overlap ${Math.round(overlapMs)} ms, longest command ${Math.round(longest)} ms, no lock error`,
    )
  } finally {
    await daemon.stop()
  }
  const check = await cairn(['repo', 'check', '--read-data'], { repo })
  assert.is(check.code, 0, check.stdout + check.stderr)
})

test.run()
