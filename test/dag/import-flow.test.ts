// How an import goes along with the rest of the process: buffers, a slow or broken sink, the event loop, cancelling.

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ImportSource } from '../../src/api/add.ts'
import { verifyBlock } from '../../src/block/hash.ts'
import type { BlockSink, NewBlock } from '../../src/block/source.ts'
import { importSources } from '../../src/dag/import/import.ts'
import { CairnError } from '../../src/errors.ts'
import { randomBytes } from '../support/files.ts'
import { CheckingSink } from './checking-sink.ts'
import { collect, type Options, refused, roots, thrownBy } from './import-run.ts'
import { neverAborted } from './kubo-flags.ts'

const work = mkdtempSync(join(tmpdir(), 'flow-'))
const source = (path: string): ImportSource => ({ kind: 'path', path: join(work, path) })

mkdirSync(join(work, 'many'))
writeFileSync(join(work, 'many/large'), randomBytes(2)(3 * 1024 * 1024 + 5))
for (let i = 0; i < 60; i++) writeFileSync(join(work, `many/f${i}`), randomBytes(i)(i * 1000))

/** Keeps every block as it is, gives all back in some other order when it has enough, and checks them only then. */
class HoardingSink implements BlockSink {
  readonly #held: NewBlock[] = []
  blocks = 0

  put(block: NewBlock): void {
    this.blocks++
    this.#held.push(block)
    if (this.#held.length > 20) this.giveBack(15)
  }

  giveBack(count: number): void {
    for (let i = 0; i < count && this.#held.length > 0; i++) {
      const [block] = this.#held.splice((i * 7) % this.#held.length, 1)
      if (block === undefined) return
      verifyBlock(block.cid, block.bytes)
      if (block.release === undefined) continue
      block.bytes.fill(0xee)
      block.release()
    }
  }
}

test('no buffer is used again before the sink has given it back', async () => {
  for (const options of [
    {},
    { profile: 'unixfs-v0-2015' },
    { chunker: 'size-1000' },
    { chunker: 'rabin' },
  ] as Options[]) {
    const sink = new HoardingSink()
    const expected = await collect([source('many')], options)
    assert.equal(roots(await collect([source('many')], options, sink)), roots(expected))
    sink.giveBack(Number.POSITIVE_INFINITY)
    assert.ok(sink.blocks > 60)
  }
})

test('a sink that wants time is waited for', async () => {
  let waiting = 0
  let most = 0
  const sink: BlockSink = {
    put: async ({ release }) => {
      most = Math.max(most, ++waiting)
      await turn()
      release?.()
      waiting--
    },
  }
  const events = await collect([source('many')], { chunker: 'size-100000' }, sink)
  assert.equal(roots(events), roots(await collect([source('many')], { chunker: 'size-100000' })))
  // A leaf may complete the node above it, so two can be on their way.
  assert.ok(most <= 2, `${most} blocks at once`)
})

test('what the sink throws ends the import and is not taken for a bad file', async () => {
  const full = new CairnError('NO_SPACE', 'the disk is full')
  await refused('NO_SPACE', collect([source('many')], {}, { put: () => Promise.reject(full) }))
  const throwing: BlockSink = {
    put: () => {
      throw full
    },
  }
  await refused('NO_SPACE', collect([source('many')], {}, throwing))
})

test('the event loop turns while small files are read', async () => {
  let turns = 0
  let running = true
  const count = (): void => {
    turns++
    if (running) setImmediate(count)
  }
  setImmediate(count)
  const slow: BlockSink = {
    put: ({ release }) => {
      for (const until = performance.now() + 3; performance.now() < until; );
      release?.()
    },
  }
  await collect([source('many')], {}, slow)
  running = false
  assert.ok(turns >= 3, `${turns} turns in 180 ms of work`)
})

test('an aborted import stops with the reason, whatever it was waiting for', async () => {
  const reason = new Error('no more')
  for (const path of ['many', 'many/large']) {
    const controller = new AbortController()
    const sink = new CheckingSink()
    const run = async () => {
      for await (const _ of importSources([source(path)], { signal: controller.signal, chunker: 'size-65536' }, sink))
        controller.abort(reason)
    }
    assert.is(await thrownBy(run()), reason)
  }
  const controller = new AbortController()
  const silent: ImportSource = {
    kind: 'stream',
    name: 'silent',
    content: { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) },
  }
  setImmediate(() => controller.abort(reason))
  assert.is(await thrownBy(collect([silent], { signal: controller.signal })), reason)
})

test('one who stops listening leaves no file open', async () => {
  const open = (): number => readdirSync('/dev/fd').length
  const before = open()
  for await (const event of importSources(
    [source('many/large')],
    { signal: neverAborted, chunker: 'size-65536' },
    new CheckingSink(),
  ))
    if (event.type === 'progress') break
  assert.is(open(), before)
})

test.after(() => rmSync(work, { recursive: true, force: true }))
test.run()
