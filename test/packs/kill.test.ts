import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findings, gc } from '../pins/support.ts'
import { assertBooks, assertReadable, openAt } from '../store/support.ts'
import { quickFolder, SMALL_PACKS, spaceOf, sparseRepo, type Tree } from './support.ts'

const FULL = Boolean(process.env.TEST_FULL)
const RANDOM_KILLS = FULL ? 60 : 2
const CHILD = join(import.meta.dirname, 'compact-child.ts')

interface Ended {
  readonly killed: boolean
  readonly output: string
  /** From the first word to the end. */
  readonly collectingMs: number
}

async function collectIn(path: string, gate: string, kill?: { afterMs: number }): Promise<Ended> {
  const child = spawn(process.execPath, [CHILD, path, gate], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let startedAt = performance.now()
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', async chunk => {
      const began = !output.includes('collecting') && String(chunk).includes('collecting')
      output += chunk
      if (began) startedAt = performance.now()
      if (!began || kill === undefined) return
      await setTimeout(kill.afterMs)
      child.kill('SIGKILL')
    })
  const [code, signal] = await once(child, 'close')
  assert.ok(code === 0 || signal === 'SIGKILL', output)
  return { killed: signal === 'SIGKILL', output, collectingMs: performance.now() - startedAt }
}

/** Everything kept is there, and the next collection leaves nothing of the one that was killed. */
async function assertSound(path: string, kept: Tree): Promise<void> {
  const store = await openAt(path, SMALL_PACKS)
  try {
    await assertReadable(store, kept.blocks)
    assertBooks(store)
    const errors = (await findings(store)).filter(found => found.startsWith('error'))
    assert.equal(errors, [])
    await gc(store)
    await assertReadable(store, kept.blocks)
    assertBooks(store)
    assert.equal(await findings(store), [])
    const { heldBytes, aliveBytes } = spaceOf(store)
    assert.ok(heldBytes <= 2 * aliveBytes, `${heldBytes} bytes held for ${aliveBytes}`)
    const known = store.database.all<{ id: number }>('SELECT id FROM packs').map(({ id }) => `${id}.pack`)
    assert.equal(readdirSync(join(path, 'packs')).sort(), known.sort())
  } finally {
    await store[Symbol.asyncDispose]()
  }
}

test('survivors moved under kill -9, at every gate of a compaction and at random: all there, and the space comes back', async () => {
  using folder = quickFolder('packs-kill')
  const [template, path] = [join(folder.path, 'template'), join(folder.path, 'repo')]
  const { kept } = await sparseRepo(template)
  const fresh = () => {
    rmSync(path, { recursive: true, force: true })
    cpSync(template, path, { recursive: true })
  }
  fresh()
  const whole = await collectIn(path, '100000')
  const gates = Number(/gates (\d+)/.exec(whole.output)?.[1])
  assert.ok(gates > 10, `only ${gates} gates`)
  await assertSound(path, kept)
  let [atGates, atRandom] = [0, 0]
  const step = FULL ? 1 : Math.ceil(gates / 6)
  let tried = 0
  for (let gate = 1; gate <= gates; gate += step) {
    fresh()
    tried++
    // How many transactions a sweep takes depends on the time they take: the last gates may not be met again.
    if ((await collectIn(path, String(gate))).killed) atGates++
    await assertSound(path, kept)
  }
  for (let round = 0; round < RANDOM_KILLS; round++) {
    fresh()
    if ((await collectIn(path, '', { afterMs: Math.random() * whole.collectingMs })).killed) atRandom++
    await assertSound(path, kept)
  }
  assert.ok(atGates > tried / 2, `killed at ${atGates} of ${tried} gates`)
  console.log(
    `\n» packs: compaction killed at ${atGates} of ${gates} gates and ${atRandom} random instants (of ${RANDOM_KILLS} tried): survivors whole, nothing held for ever`,
  )
})

test.run()
