// The hostile import sources of the fixtures: pipes, sockets, devices, broken names, loops, depths, moving files.

import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { AddOptions } from '../../src/api/add.ts'
import { importSources } from '../../src/dag/import/import.ts'
import { LIMITS } from '../../src/limits.ts'
import { folder, type Outcome, run, work } from './faulty.ts'

type HostileSource = readonly [name: string, wrong: string, must: string, make: (folder: string) => unknown]
const { sources } = (await import(join(import.meta.dirname, '../fixtures/hostile/sources.mjs'))) as {
  sources: readonly HostileSource[]
}

interface Expected {
  readonly added?: readonly string[]
  readonly failed?: Outcome['failed']
  readonly options?: Partial<AddOptions>
}

/** Hostile sources whose outcome is certain. */
const CERTAIN: Record<string, Expected> = {
  fifo: { added: ['in/good', 'in'], failed: { 'in/pipe': 'READ_FAILED' } },
  socket: { added: ['in/good', 'in'], failed: { 'in/sock': 'READ_FAILED' } },
  device: { added: ['in/good', 'in'], failed: { 'in/null': 'READ_FAILED', 'in/zero': 'READ_FAILED' } },
  'symlink-loop': { added: ['in/a', 'in/b', 'in/good', 'in/here', 'in/me', 'in/root', 'in'], failed: {} },
  'symlink-broken': { added: ['in/bytes', 'in/dead', 'in/good', 'in/long', 'in'], failed: {} },
  'bytes-names': { added: ['in'] },
  hardlinks: { failed: {} },
  modes: { failed: {}, options: { preserveMode: true, preserveMtime: true, rawLeaves: false } },
  virtual: { added: ['in/good', 'in/status', 'in'], failed: {}, options: { dereferenceSymlinks: true } },
  'odd-names': { failed: {} },
}

for (const [name, wrong, , make] of sources) {
  const expected = CERTAIN[name]
  if (expected === undefined) continue
  test(`${name}: ${wrong}`, async () => {
    const path = folder()
    const problem = make(path)
    if (typeof problem === 'string') return console.log(`SKIP: ${name}: ${problem}`)
    const outcome = await run(path, expected.options)
    if (expected.added !== undefined) assert.equal(outcome.added, expected.added)
    if (expected.failed !== undefined) assert.equal(outcome.failed, expected.failed)
  })
}

const hostile = (name: string): HostileSource[3] => {
  const found = sources.find(source => source[0] === name)
  if (found === undefined) throw new Error(`there is no hostile source ${name}`)
  return found[3]
}

test('two names that differ only in broken bytes are refused by name, each', async () => {
  const path = folder({ 'a\ufffd': 'a name that is sound, although it looks like one that is not' })
  hostile('bytes-names')(path)
  const outcome = await run(path)
  assert.equal(outcome.added, ['in/a\ufffd', 'in'])
  assert.is(
    Object.values(outcome.failed).every(code => code === 'UNSAFE_NAME'),
    true,
  )
  assert.is(outcome.messages.split('\n').length - 1, 3)
})

test('links that lead round in circles end when they are followed', async () => {
  const path = folder()
  hostile('symlink-loop')(path)
  mkdirSync(join(path, 'x/y'), { recursive: true })
  symlinkSync('../..', join(path, 'x/y/above'))
  mkdirSync(join(path, 'z'))
  symlinkSync('../x', join(path, 'z/to-x'))
  symlinkSync('../../z', join(path, 'x/y/to-z'))
  const outcome = await run(path, { dereferenceSymlinks: true })
  for (const name of ['a', 'b', 'here', 'me', 'root', 'x/y/above', 'x/y/to-z/to-x', 'z/to-x/y/to-z'])
    assert.ok(outcome.failed[`in/${name}`], `${name} was followed`)
  assert.ok(outcome.added.includes('in/good'))
  assert.ok(outcome.added.length < 20, outcome.added.join(' '))
})

test('a folder too deep to be walked is named, with its depth', async () => {
  const path = folder({ good: 'x' })
  hostile('deep')(path)
  const outcome = await run(path)
  assert.equal(Object.values(outcome.failed), ['READ_FAILED'])
  assert.match(outcome.messages, new RegExp(`${LIMITS.importDepth.value} folders deep`))
  assert.ok(outcome.added.includes('in/good'))
  spawnSync('rm', ['-rf', path])
})

test('a sparse file of a terabyte can be cancelled', async () => {
  const path = folder()
  hostile('sparse')(path)
  const controller = new AbortController()
  const reason = new Error('enough')
  const events = importSources(
    [{ kind: 'path', path }],
    { signal: controller.signal },
    { put: block => block.release?.() },
  )
  const consume = async () => {
    for await (const event of events)
      if (event.type === 'progress' && event.bytes > 50_000_000) controller.abort(reason)
  }
  assert.is(
    await consume().then(
      () => undefined,
      (error: unknown) => error,
    ),
    reason,
  )
})

for (const name of ['growing', 'shrinking', 'vanishing'])
  test(`${name}, by another hand, ends each time`, async () => {
    const path = folder({ good: 'x' })
    const stop = hostile(name)(path) as () => void
    try {
      for (let i = 0; i < 3; i++) {
        const outcome = await run(path, { chunker: 'size-65536' })
        assert.ok(outcome.added.includes('in/good'))
        for (const code of Object.values(outcome.failed)) assert.is(code, 'SOURCE_CHANGED')
      }
    } finally {
      stop()
    }
  })

test.after(() => rmSync(work, { recursive: true, force: true }))
test.run()
