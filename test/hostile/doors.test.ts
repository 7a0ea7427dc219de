import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MiB } from '../../src/units.ts'
import { assertSound } from '../bad-input/support.ts'
import { cairnOk, temporaryFolder } from '../support/cairn.ts'
import { CONTENT_CASES, type HostileCase } from './corpus.ts'
import { HostileDaemon } from './doors.ts'
import { judge } from './judge.ts'

// All of them in the full run; in `npm test` every eleventh of those that are small. TEST_CASE picks by name.
const isFull = process.env.TEST_FULL !== undefined
const CASES = CONTENT_CASES.filter(
  ({ name, large }, index) =>
    name.includes(process.env.TEST_CASE ?? '') && (isFull || (index % 11 === 3 && large !== true)),
)
/** What a daemon may hold more than before once a case is over. */
const MOST_HELD_BYTES = 32 * MiB

const controlOf = (hostile: HostileCase): HostileCase | undefined =>
  CONTENT_CASES.find(({ name }) => name === `${hostile.name.split('/')[0]}/control`)

test(`${CASES.length} hostile files through the doors of a running daemon`, async () => {
  const repo = join(temporaryFolder('hostile'), 'repo')
  await cairnOk(['init'], { repo })
  await using daemon = await HostileDaemon.start(repo)
  const { probe } = daemon
  const control = CONTENT_CASES.find(({ name }) => name === 'car/control') as HostileCase
  for (let i = 0; i < 10; i++) await judge(daemon, control)
  await daemon.forget()
  const idleBytes = await probe.heldBytes()
  const idleDescriptors = probe.openDescriptors()
  let [doors, refused, mostHeld] = [0, 0, 0]
  const failures: string[] = []
  for (const hostile of CASES) {
    try {
      const judged = await judge(daemon, hostile)
      doors += judged.doors
      if (judged.refused) refused++
      await daemon.forget()
      await assertSound(repo)
      const held = (await probe.heldBytes()) - idleBytes
      mostHeld = Math.max(mostHeld, held)
      assert.ok(held <= MOST_HELD_BYTES, `${Math.round(held / MiB)} MiB more are held than before`)
      assert.ok(probe.openDescriptors() <= idleDescriptors + 20, `${probe.openDescriptors()} descriptors are open`)
    } catch (error) {
      failures.push(`${hostile.name} (${hostile.outcome}): ${(error as Error).message}`)
    }
  }
  assert.is((await judge(daemon, controlOf(CASES[0] as HostileCase) ?? control)).refused, false)
  assert.not.match(probe.daemon.log(), /INTERNAL|unhandled/i)
  console.log(
    `» hostile: ${CASES.length} of ${CONTENT_CASES.length} cases, ${doors} doors asked, ${refused} refused at import, ${failures.length} wrong; at most ${Math.round(mostHeld / MiB)} MiB held after a case, peak ${Math.round(probe.peakBytes() / MiB)} MiB; check clean after each`,
  )
  assert.equal(failures, [])
})

test.run()
