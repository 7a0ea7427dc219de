import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { leaf } from '../store/support.ts'
import { cairn, cairnOk, startDaemon, type TestDaemon, temporaryFolder } from '../support/cairn.ts'
import { makeTree } from '../support/files.ts'

const KILLS = process.env.TEST_FULL ? 20 : 2
const REACHABLE = 45
const UNREACHABLE = 5

/** Short pauses, so that what nobody has comes to several tries. */
const env = {
  CAIRN_MODE: 'lan',
  CAIRN_DAEMON_MDNS: 'false',
  CAIRN_PINS_RETRY: '200ms',
  CAIRN_PINS_PATIENCE: '1s',
  CAIRN_PINS_CONCURRENCY: '4',
}

interface Shown {
  readonly cid: string
  readonly status: string
  readonly attempts: number
  readonly error?: string
}

async function pinsIn(repo: string): Promise<Shown[]> {
  const text = await cairnOk(['pin', 'ls', '--status', 'all', '--json'], { repo })
  return text
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as Shown)
}

test(`a queue of ${REACHABLE + UNREACHABLE} pins, some of which nobody has, outlives kill -9 of the daemon at ${KILLS} random instants`, async () => {
  const work = temporaryFolder('kill-queue')
  const [repoA, repoB] = [join(work, 'a'), join(work, 'b')]
  await cairnOk(['init'], { repo: repoA })
  await cairnOk(['init'], { repo: repoB })
  const trees = Array.from({ length: REACHABLE }, (_, index) =>
    makeTree(join(work, `in-${index}`), { seed: 5000 + index, count: 12, maxBytes: 20_000 }),
  )
  const added = await cairnOk(['add', '-r', '--json', ...trees], { repo: repoA })
  const { roots } = JSON.parse(added.split('\n').at(-1) ?? '') as { roots: string[] }
  const reachable = new Set(roots)
  const nobodyHas = Array.from({ length: UNREACHABLE }, (_, index) => String(leaf(`nobody has ${index}`).cid))
  const wanted = [
    ...roots.filter((_, index) => index % 2 === 0),
    ...nobodyHas,
    ...roots.filter((_, index) => index % 2 === 1),
  ]
  const queued = await cairnOk(['pin', 'add', '--background', '-q', ...wanted], { repo: repoB })
  assert.is(queued.split('\n').length, wanted.length)

  const a = await startDaemon({ repo: repoA, mode: 'lan' })
  let [inFlight, slowestRestartMs] = [0, 0]
  const startB = (): Promise<TestDaemon> =>
    startDaemon({ repo: repoB, mode: 'lan', env, args: ['--connect', a.swarm[0] ?? ''] })
  try {
    for (let kill = 0; kill < KILLS; kill++) {
      const b = await startB()
      slowestRestartMs = Math.max(slowestRestartMs, b.startMs)
      await setTimeout(700 + Math.random() * 1500)
      await b.kill()
      const after = await pinsIn(repoB)
      assert.is(after.length, wanted.length, 'no row is lost')
      inFlight += after.filter(({ status }) => status === 'pinning').length
      for (const { cid, status } of after) if (status === 'pinned') assert.ok(reachable.has(cid), cid)
    }
    const b = await startB()
    let pins: Shown[] = []
    const isOver = () =>
      pins.filter(({ status }) => status === 'pinned').length === reachable.size &&
      pins.every(({ status, attempts }) => status === 'pinned' || attempts >= 1)
    for (let looks = 0; looks < 150; looks++) {
      pins = await pinsIn(repoB)
      if (isOver()) break
      await setTimeout(200)
    }
    assert.ok(isOver(), JSON.stringify(pins.filter(({ status }) => status !== 'pinned')))
    for (const pin of pins.filter(({ status }) => status !== 'pinned')) {
      assert.ok(nobodyHas.includes(pin.cid))
      assert.match(pin.error ?? '', /^no p(rovider (known|found)|eer is connected)/)
    }
    await b.stop()
  } finally {
    await a.kill()
  }
  await cairnOk(['pin', 'verify'], { repo: repoB })
  const check = await cairn(['repo', 'check', '--read-data'], { repo: repoB })
  assert.is(check.code, 0, check.stdout + check.stderr)
  console.log(
    `\n» pins: queue of ${wanted.length} through ${KILLS} kill -9, ${inFlight} walks cut off, ${reachable.size} of ${reachable.size} reachable pinned and whole, ${UNREACHABLE} still tried with their reason, slowest restart ${Math.round(slowestRestartMs)} ms`,
  )
})

test.run()
