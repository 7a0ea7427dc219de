import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cairn, cairnOk, temporaryFolder } from '../support/cairn.ts'
import { makeTree } from '../support/files.ts'

// 20 in the full run (`npm run test:crash -- --full`), a sample in `npm test`.
const KILLS = process.env.TEST_FULL ? 20 : 4

test(`kill -9 at ${KILLS} random instants of a local add loses nothing that was acknowledged`, async () => {
  const work = temporaryFolder('kill-add')
  const repo = join(work, 'repo')
  await cairnOk(['init'], { repo })
  const acknowledged: string[] = []
  let killed = 0
  let slowestRestartMs = 0
  let typicalMs = 400
  for (let i = 0; i < KILLS; i++) {
    const tree = makeTree(join(work, `in-${i}`), { seed: 1000 + i, count: 400, maxBytes: 60_000 })
    const startedAt = performance.now()
    // Single acknowledged adds go before each kill, so that there is something to lose.
    acknowledged.push(await cairnOk(['add', '-Q', join(tree, 'd0/f1')], { repo }))
    const ran = await cairn(['add', '-Q', tree], {
      repo,
      onStart: child => setTimeout(() => child.kill('SIGKILL'), Math.random() * typicalMs),
    })
    if (ran.code === 0) {
      acknowledged.push(ran.stdout.trim())
      typicalMs = Math.max(150, performance.now() - startedAt)
    } else {
      assert.is(ran.signal, 'SIGKILL', ran.stderr)
      killed++
    }
    const restartedAt = performance.now()
    const check = await cairn(['repo', 'check', '--read-data'], { repo })
    slowestRestartMs = Math.max(slowestRestartMs, performance.now() - restartedAt)
    assert.is(check.code, 0, check.stdout + check.stderr)
  }
  let found = 0
  for (const cid of acknowledged) {
    await cairnOk(['dag', 'stat', cid], { repo })
    found++
  }
  console.log(
    `» kill-add: ${killed} of ${KILLS} killed in flight, ${found} of ${acknowledged.length} acknowledged CIDs found, slowest restart with full check ${Math.round(slowestRestartMs)} ms`,
  )
  assert.is(found, acknowledged.length)
})

test.run()
