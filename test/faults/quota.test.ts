import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { initRepo } from '../../src/store/repo.ts'
import { formatSize, MiB } from '../../src/units.ts'
import { findings } from '../pins/support.ts'
import { assertBooks, freshPath, openAt } from '../store/support.ts'
import { diskBytes, FULL, say } from './support.ts'

const WRITER = join(import.meta.dirname, 'quota-writer.ts')
const MAX = 96 * MiB
const WRITERS = 4
/** Refusals after which it is enough; a busy machine may take its time. */
const ENOUGH = FULL ? 200 : 8
const MOST_SECONDS = FULL ? 300 : 40

interface Counts {
  readonly rounds: number
  readonly stored: number
  readonly refused: number
  readonly unpinned: number
  readonly cached: number
}

function start(path: string, seed: number, onRefused: () => void): { child: ChildProcess; ended: Promise<Counts> } {
  const child = fork(WRITER, [path, String(MAX), String(seed)], { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] })
  let stderr = ''
  child.stderr?.on('data', chunk => {
    stderr += chunk
  })
  let counts: Counts | undefined
  child.on('message', message => {
    if (message === 'refused') onRefused()
    else counts = message as Counts
  })
  const ended = once(child, 'exit').then(([code]) => {
    assert.is(code, 0, stderr)
    return counts as Counts
  })
  return { child, ended }
}

test(`${WRITERS} processes write against a hard limit: the disk never holds more, what is refused is refused, the rest is whole`, async () => {
  const path = freshPath()
  await initRepo(path)
  let refusals = 0
  const startedAt = performance.now()
  const writers = Array.from({ length: WRITERS }, (_, seed) => start(path, seed, () => refusals++))
  let [most, samples] = [0, 0]
  let running = true
  const all = Promise.all(writers.map(({ ended }) => ended)).finally(() => {
    running = false
  })
  all.catch(() => undefined)
  const told = [...writers]
  while (running) {
    const bytes = diskBytes(path)
    if (bytes !== undefined) {
      most = Math.max(most, bytes)
      samples++
    }
    if (refusals >= ENOUGH || performance.now() - startedAt > MOST_SECONDS * 1000)
      for (const { child } of told.splice(0)) child.send('stop')
    await setTimeout(3)
  }
  const counts = await all
  const sum = (key: keyof Counts) => counts.reduce((total, each) => total + each[key], 0)
  const share = ((most / MAX) * 100).toFixed(1)
  say(
    `store.max: ${WRITERS} processes, ${Math.round((performance.now() - startedAt) / 1000)} s, ${sum('stored')} adds stored, ${sum('refused')} refused, ${sum('unpinned')} unpinned, ${sum('cached')} cached; most on the disk ${formatSize(most)} of ${formatSize(MAX)} (${share} %) in ${samples} looks`,
  )
  assert.ok(most <= MAX, `${most} bytes on the disk`)
  assert.ok(sum('refused') > 0 && sum('stored') > WRITERS, 'the limit was met')
  const store = await openAt(path, { maxBytes: MAX })
  assertBooks(store)
  assert.equal(await findings(store), [])
  await store[Symbol.asyncDispose]()
})

test.run()
