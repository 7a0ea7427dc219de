import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CID } from 'multiformats/cid'
import * as digest from 'multiformats/hashes/digest'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RAW } from '../../src/block/cid.ts'
import { IDENTITY } from '../../src/block/hash.ts'
import { MiB } from '../../src/units.ts'
import { assertSound } from '../bad-input/support.ts'
import { cairnOk, temporaryFolder } from '../support/cairn.ts'
import { type Memory, startProbed } from '../support/probed-daemon.ts'
import { hashOf, Ledger } from './ledger.ts'
import { type Soaking, soak } from './load.ts'

/** Ten minutes in CI; SOAK_MINUTES for more, or for a look. */
const MINUTES = Number(process.env.SOAK_MINUTES ?? 10)
const MAX_MIB = 256
/** Small, so that it is full long before growth is judged. */
const CACHE = '4MiB'
/** More than any cache of paths remembers: those are full from the beginning. */
const WARM_PATHS = 24_000
const MOST_GROWTH_BYTES_PER_MINUTE = MiB / 2
/** Objects must not grow at all. Pools of buffers and what is under way come and go below this. */
const MOST_HELD_BYTES = 200 * MiB

interface Sample extends Memory {
  readonly minute: number
  readonly descriptors: number
}

/** A minute, between the middles of the last two thirds: caches fill and code is compiled in the first, and what is under way hides in medians. */
function growthOf(samples: readonly Sample[], value: (sample: Sample) => number): number {
  const median = (from: number, to: number) => {
    const within = samples.filter(({ minute }) => minute >= MINUTES * from && minute < MINUTES * to)
    const sorted = within.map(value).sort((a, b) => a - b)
    return sorted[Math.floor(sorted.length / 2)] ?? 0
  }
  return (median(2 / 3, 2) - median(1 / 3, 2 / 3)) / (MINUTES / 3)
}

/** Content that is its own address, so that it takes no room. */
async function warm(gateway: string): Promise<void> {
  let next = 0
  const ask = async () => {
    while (next < WARM_PATHS) {
      const cid = CID.createV1(RAW, digest.create(IDENTITY, Buffer.from(`path ${next++}`)))
      await (await fetch(`${gateway}/ipfs/${cid}`)).arrayBuffer()
    }
  }
  await Promise.all(Array.from({ length: 16 }, ask))
}

test(`${MINUTES} minutes of mixed load with kills: nothing lost, nothing wrong, nothing grows`, async () => {
  const work = temporaryFolder('soak')
  const repo = join(work, 'repo')
  await cairnOk(['init'], { repo })
  await cairnOk(['config', 'set', 'store.max', `${MAX_MIB}MiB`], { repo })
  await cairnOk(['config', 'set', 'store.grace', '0s'], { repo })
  await cairnOk(['config', 'set', 'store.cache', CACHE], { repo })
  const probe = await startProbed({ repo })
  await warm(probe.daemon.gateway)
  const startedAt = performance.now()
  const minute = () => (performance.now() - startedAt) / 60_000
  const soaking: Soaking = {
    daemon: probe.daemon,
    repo,
    work,
    ledger: new Ledger(),
    mostHeldBytes: (MAX_MIB / 2) * MiB,
    counts: { adds: 0, reads: 0, kills: 0, collections: 0, hangups: 0, unpins: 0, refused: 0 },
    wrong: [],
    isOver: () => minute() >= MINUTES,
  }
  const samples: Sample[] = []
  const watch = async () => {
    while (!soaking.isOver()) {
      await sleep(Math.min(5_000, MINUTES * 2_000))
      samples.push({ minute: minute(), ...(await probe.memory()), descriptors: probe.openDescriptors() })
    }
  }
  try {
    await Promise.all([soak(soaking), watch()])
    const { ledger, counts, wrong } = soaking
    let lost = 0
    for (const { cid, sha256 } of ledger.all()) {
      const response = await fetch(`${probe.daemon.gateway}/ipfs/${cid}`)
      if (!response.ok || hashOf(new Uint8Array(await response.arrayBuffer())) !== sha256) lost++
    }
    const growth = growthOf(samples, ({ heapBytes }) => heapBytes)
    const most = Math.max(...samples.map(({ heldBytes }) => heldBytes))
    const descriptors = growthOf(samples, sample => sample.descriptors)
    console.log(
      `» soak: ${MINUTES} min, ${counts.adds} adds acknowledged, ${counts.reads} reads, ${counts.hangups} hang-ups, ${counts.kills} kills, ${counts.collections} collections, ${counts.unpins} unpins, ${counts.refused} refused for want of room; ${lost} of ${ledger.size} lost, ${wrong.length} wrong; objects ${(growth / MiB).toFixed(2)} MiB/min, descriptors ${descriptors.toFixed(2)}/min, held at most ${Math.round(most / MiB)} MiB, peak ${Math.round(probe.peakBytes() / MiB)} MiB`,
    )
    if (wrong.length > 0) console.log(probe.daemon.log().slice(-5_000))
    assert.equal(wrong.slice(0, 20), [])
    assert.is(lost, 0)
    // A short look says nothing of growth.
    assert.ok(most < MOST_HELD_BYTES, `${most} bytes held`)
    if (MINUTES >= 5) assert.ok(growth < MOST_GROWTH_BYTES_PER_MINUTE, `the heap grows by ${growth} bytes a minute`)
    if (MINUTES >= 5) assert.ok(descriptors < 1, `descriptors grow by ${descriptors} a minute`)
    assert.ok(counts.adds > 0 && counts.reads > 0 && counts.kills > 0 && counts.collections > 0)
    assert.equal(
      probe.daemon
        .log()
        .split('\n')
        .filter(line => /unhandled|INTERNAL/i.test(line)),
      [],
    )
  } catch (error) {
    if (probe.daemon.child.exitCode !== null) console.log(`the daemon has ended:\n${probe.daemon.log().slice(-5_000)}`)
    throw error
  } finally {
    await probe.daemon.stop()
  }
  await assertSound(repo)
})

test.run()
