import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Checker } from '../crash/checker.ts'
import { makeWorld, text } from '../crash/scenarios.ts'
import { whyNoStrace } from '../crash/strace.ts'
import { cairnOk, temporaryFolder } from '../support/cairn.ts'
import { Lane, nameOf, READS, sampled, startUnderStrace } from './inject.ts'
import { FULL, say, skipped } from './support.ts'

// Decided: a read that fails is not tried again, and condemns nothing. The caller is told, the block stays as it is, and
// the next read decides for itself: a disk that says EIO says nothing of the bytes.

const why = whyNoStrace()
if (why !== undefined) skipped(why)
const SEED = Math.floor(Date.now() / 86_400_000)

async function run(lane: Lane, strace: readonly string[], args: readonly string[]) {
  lane.renew()
  const child = startUnderStrace(strace, args, { CAIRN_REPO: lane.repo })
  const code = new Promise<number | null>(resolve => child.on('close', resolve))
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await code, stdout, stderr }
}

;(why === undefined ? test : test.skip)(
  'a read that fails: an error or the right bytes, never wrong ones, and no block is condemned',
  async () => {
    const work = temporaryFolder('eio-read')
    const world = await makeWorld(work)
    await using checker = new Checker()
    const sums = { points: 0, tried: 0, hit: 0, refused: 0, right: 0 }
    const commands: readonly [name: string, args: string[]][] = [
      ['packed', ['dag', 'stat', world.packed]],
      ['cat', ['cat', world.packed]],
      ['single', ['cat', world.single]],
      ['verify', ['pin', 'verify']],
    ]
    for (const [name, args] of commands) {
      const lane = new Lane(join(work, name), { base: world.base, calls: READS })
      const good = await run(lane, lane.counting(), args)
      assert.is(good.code, 0, good.stderr)
      const all = lane.points().filter(({ path }) => !/\.(lock|json)$|identity|\/api$|gateway/.test(path))
      sums.points += all.length
      for (const point of sampled(all, FULL ? 1 : 5, SEED)) {
        sums.tried++
        const what = `${name}, EIO at ${nameOf(point)}`
        const { code, stdout, stderr } = await run(lane, lane.failing(point, 'EIO'), args)
        if (!lane.wasHit()) continue
        sums.hit++
        if (code === 0) {
          assert.is(stdout, good.stdout, `${what}: other bytes`)
          sums.right++
        } else {
          sums.refused++
          assert.ok(good.stdout.startsWith(stdout) || name === 'verify', `${what}: wrong bytes before the error`)
          assert.not.match(stderr, /this is a bug|^\s+at .*[:)]/m, what)
        }
        assert.equal(readdirSync(join(lane.repo, 'quarantine')), [], `${what} condemned a block`)
        assert.equal(await checker.judge({ path: lane.repo, ledger: world.ledger, collect: false }), [], what)
      }
      assert.is(
        await cairnOk(['cat', world.single], { repo: lane.repo }),
        readFileSync(join(world.inputs, 'single'), 'utf8'),
      )
    }
    const { points, tried, hit, refused, right } = sums
    say(
      `eio at read, commands: ${hit} hit of ${tried} tried of ${points} reads, ${refused} refused with a reason, ${right} answered rightly all the same, 0 wrong bytes, 0 blocks condemned`,
    )
    assert.ok(refused > 0)
  },
)

test.run()
