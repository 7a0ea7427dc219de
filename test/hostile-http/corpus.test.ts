import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MiB } from '../../src/units.ts'
import { assertSound } from '../bad-input/support.ts'
import { importHostile, rootOf } from '../dag/hostile-doors.ts'
import { CONTENT_CASES, contentOf, type HostileCase } from '../hostile/corpus.ts'
import { HostileDaemon } from '../hostile/doors.ts'
import { cairnOk, temporaryFolder } from '../support/cairn.ts'
import { ask } from './asking.ts'
import { fitsArchive, HTTP_DOORS, type HttpDoor, visit, type Word } from './corpus-doors.ts'

// All in the full run; in `npm test` the file bombs and every thirtieth of those that are small. TEST_CASE picks by name.
const isFull = process.env.TEST_FULL !== undefined
const doorsOf = ({ doors }: HostileCase): HttpDoor[] => HTTP_DOORS.filter(door => doors.includes(door))
const WITH_DOORS = CONTENT_CASES.filter(hostile => doorsOf(hostile).length > 0)
const CASES = WITH_DOORS.filter(
  ({ name, large }, index) =>
    name.includes(process.env.TEST_CASE ?? '') &&
    (isFull || name.includes('file-bomb') || (index % 30 === 3 && large !== true)),
)
const HEAP_MIB = 96
/** What a daemon may take above idle while a case is asked for: the corpus says 64, and garbage is collected when it likes. */
const MOST_PEAK_BYTES = 192 * MiB
const MOST_HELD_BYTES = 32 * MiB

/** Doors that have to understand what they are asked for. */
const READERS: readonly HttpDoor[] = ['path', 'list', 'tar', 'head', 'range', 'html']

/** `isTarred`: every entry is something that an archive can hold. */
function weigh({ outcome, name }: HostileCase, said: ReadonlyMap<HttpDoor, Word>, isTarred: boolean): void {
  const shown = `${name} (${outcome}): ${JSON.stringify([...said])}`
  const all = (doors: readonly HttpDoor[], isRight: (word: Word) => boolean) => {
    for (const door of doors) {
      const word = said.get(door)
      if (word !== undefined) assert.ok(isRight(word), `${door} of ${shown}`)
    }
  }
  const readers = isTarred ? READERS : READERS.filter(door => door !== 'tar')
  // What stands beside a link that is never followed may be shown.
  const shows = name.includes('identity')
  switch (outcome) {
    case 'accept':
      all(['raw', 'json', 'car', 'list', 'filename', ...readers], word => word === 'ok')
      break
    case 'read-refused':
      all(['raw', 'json'], word => word === 'ok')
      all(shows ? ['path', 'tar'] : READERS, word => word !== 'ok')
      break
    case 'partial':
      all(['path', 'tar'], word => word !== 'ok')
      break
    case 'incomplete':
      all(['car', 'tar'], word => word !== 'ok')
      break
    case 'listed':
      // What has no one meaning in a sharded folder is refused as a whole.
      if (!name.startsWith('hamt/')) all(['list'], word => word === 'ok')
      break
    case 'either': {
      const words = readers.flatMap(door => said.get(door) ?? [])
      assert.ok(new Set(words.map(word => word === 'ok')).size <= 1, shown)
    }
  }
}

test(`${CASES.length} hostile DAGs through the doors of the gateway, in ${HEAP_MIB} MiB of heap`, async () => {
  const repo = join(temporaryFolder('hostile'), 'repo')
  await cairnOk(['init'], { repo })
  const env = { NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}` }
  await using daemon = await HostileDaemon.start(repo, env)
  const { probe } = daemon
  const origin = probe.daemon.gateway
  const failures: string[] = []
  const counts = { ok: 0, refused: 0, cut: 0, long: 0 }
  let [asked, mostPeak, slowestMs, slowest] = [0, 0, 0, '']
  const run = async (hostile: HostileCase): Promise<void> => {
    const car = contentOf(hostile)
    const imported = await importHostile(car)
    const refusal = await daemon.importCar(car)
    if (imported.error !== undefined) {
      assert.ok(refusal !== undefined, 'it was taken')
      const said = await ask(origin, `/ipfs/${hostile.root}`)
      // Sound blocks in front of the fault may be there.
      const isThere = said.status < 400 && hostile.maxStored !== 0
      assert.ok(said.end === 'whole' && (said.status >= 400 || isThere), `its root answers ${said.status}`)
      counts.refused++
      asked++
      return
    }
    const { memory } = imported
    const root = rootOf(hostile, imported)
    assert.ok(root !== undefined, 'no root')
    // What is refused on its way in is not asked for.
    if (refusal !== undefined && !memory.has(root)) return
    probe.forgetPeak()
    const before = probe.residentBytes()
    const said = new Map<HttpDoor, Word>()
    for (const door of doorsOf(hostile)) {
      const startedAt = performance.now()
      said.set(door, await visit(door, { origin, root, memory }))
      const ms = performance.now() - startedAt
      if (ms > slowestMs) [slowestMs, slowest] = [ms, `${door} of ${hostile.name}`]
      // The corpus gives the time of one answer on an idle machine; a path of a folder is one for each of its entries.
      if (isFull && door !== 'path') assert.ok(ms <= 10 * (hostile.maxMs ?? 1000), `${door} took ${Math.round(ms)} ms`)
    }
    mostPeak = Math.max(mostPeak, probe.peakBytes() - before)
    for (const word of said.values()) counts[word]++
    asked += said.size
    weigh(hostile, said, await fitsArchive({ origin, root, memory }))
    assert.ok(mostPeak <= MOST_PEAK_BYTES, `${Math.round(mostPeak / MiB)} MiB more were taken`)
  }
  const control = CONTENT_CASES.find(({ name }) => name === 'pb/control') as HostileCase
  for (let i = 0; i < 5; i++) await run(control)
  await daemon.forget()
  const idle = { bytes: await probe.heldBytes(), descriptors: probe.openDescriptors() }
  for (const hostile of CASES) {
    try {
      await run(hostile)
      await daemon.forget()
      assert.is(probe.daemon.child.exitCode, null, 'the daemon has ended')
      assert.ok((await probe.heldBytes()) - idle.bytes <= MOST_HELD_BYTES, 'memory is held afterwards')
      assert.ok(probe.openDescriptors() <= idle.descriptors + 20, `${probe.openDescriptors()} descriptors are open`)
    } catch (error) {
      failures.push(`${hostile.name} (${hostile.outcome}): ${(error as Error).message}`)
    }
  }
  await run(control)
  assert.not.match(probe.daemon.log(), /INTERNAL|unhandled/i)
  await assertSound(repo)
  console.log(
    `» hostile HTTP: ${CASES.length} of ${WITH_DOORS.length} cases through ${HTTP_DOORS.length} doors as their must says, ${asked} asked: ${counts.ok} whole, ${counts.refused} refused, ${counts.cut} cut off, ${counts.long} left; ${failures.length} wrong; at most ${Math.round(mostPeak / MiB)} MiB above idle, slowest ${Math.round(slowestMs)} ms (${slowest})`,
  )
  assert.equal(failures, [])
})

test.run()
