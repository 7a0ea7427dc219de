import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cairn, cairnOk, startDaemon, temporaryFolder } from '../support/cairn.ts'
import { makeTree } from '../support/files.ts'

const KILLS = process.env.TEST_FULL ? 20 : 2

test(`kill -9 of a daemon at ${KILLS} random instants while it pins from a peer loses nothing that was acknowledged`, async () => {
  const work = temporaryFolder('kill-pin')
  const [repoA, repoB] = [join(work, 'a'), join(work, 'b')]
  await cairnOk(['init'], { repo: repoA })
  await cairnOk(['init'], { repo: repoB })
  const roots: string[] = []
  for (let i = 0; i < KILLS; i++)
    roots.push(
      await cairnOk(['add', '-Q', makeTree(join(work, `in-${i}`), { seed: 2000 + i, count: 1000, maxBytes: 30_000 })], {
        repo: repoA,
      }),
    )
  const a = await startDaemon({ repo: repoA, mode: 'lan' })
  const acknowledged: string[] = []
  let killed = 0
  let slowestRestartMs = 0
  try {
    for (const root of roots) {
      const b = await startDaemon({ repo: repoB, mode: 'lan', args: ['--connect', a.swarm[0] ?? ''] })
      slowestRestartMs = Math.max(slowestRestartMs, b.startMs)
      const timer = setTimeout(() => void b.kill(), 100 + Math.random() * 900)
      const pinned = await cairn(['pin', 'add', '--timeout', '20s', root], {
        repo: repoB,
        env: { CAIRN_MODE: 'lan', CAIRN_DAEMON_MDNS: 'false' },
      })
      clearTimeout(timer)
      if (pinned.code === 0) acknowledged.push(root)
      else killed++
      await b.kill()
      const check = await cairn(['repo', 'check', '--read-data'], { repo: repoB })
      assert.is(check.code, 0, check.stdout + check.stderr)
    }
  } finally {
    await a.kill()
  }
  for (const root of acknowledged) await cairnOk(['dag', 'stat', root], { repo: repoB })
  console.log(
    `» kill-pin: ${killed} of ${KILLS} killed in flight, ${acknowledged.length} of ${acknowledged.length} acknowledged pins complete, slowest restart ${Math.round(slowestRestartMs)} ms`,
  )
})

test.run()
