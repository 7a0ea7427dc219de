// Files and folders that move, cannot be read, or are none: each becomes an event or a clear error, the others go on.

import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { AddEvent, AddOptions } from '../../src/api.ts'
import { importSources } from '../../src/dag/import.ts'
import { type ErrorCode, isCairnError } from '../../src/errors.ts'
import { LIMITS } from '../../src/limits.ts'
import { randomBytes } from '../support/files.ts'
import { CheckingSink } from './checking-sink.ts'
import { neverAborted } from './kubo-flags.ts'

type HostileSource = readonly [name: string, wrong: string, must: string, make: (folder: string) => unknown]
const { sources } = (await import(join(import.meta.dirname, '../fixtures/hostile/sources.mjs'))) as {
  sources: readonly HostileSource[]
}

const work = mkdtempSync(join(tmpdir(), 'faults-'))
let folders = 0

function folder(files: Record<string, string | Uint8Array> = {}): string {
  const path = join(work, `d${folders++}`)
  mkdirSync(path)
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content)
  return path
}

interface Outcome {
  readonly added: string[]
  /** Names, below the folder, with the code of the error. */
  readonly failed: Record<string, ErrorCode | undefined>
  readonly messages: string
}

/** Imports a folder; `meddle` sees each event before the import goes on. Every block that is put is checked. */
async function run(
  path: string,
  options: Partial<AddOptions> = {},
  meddle: (event: AddEvent) => void = () => {},
): Promise<Outcome> {
  const sink = new CheckingSink()
  const added: string[] = []
  const failed: Record<string, ErrorCode | undefined> = {}
  let messages = ''
  let count = 0
  let told: number | undefined
  const events = importSources(
    [{ kind: 'path', path, name: 'in' }],
    { hidden: true, signal: neverAborted, ...options },
    sink,
  )
  for await (const event of events) {
    meddle(event)
    if (event.type === 'added') added.push(event.name)
    if (event.type === 'failed') {
      count++
      failed[event.name] = isCairnError(event.error) ? event.error.code : undefined
      messages += `${event.error.message}\n`
    }
    if (event.type === 'done') {
      told = event.failed
      for (const root of event.roots) sink.below(root)
    }
  }
  assert.is(told, count)
  return { added, failed, messages }
}

const large = randomBytes(3)(4 * 1024 * 1024)
/** So that the rest is not read before the first progress is told. */
const smallChunks = { chunker: 'size-65536' }

test('a file that vanishes after its folder was listed', async () => {
  const path = folder({ a: '1', b: '2', c: '3' })
  const outcome = await run(
    path,
    {},
    event => event.type === 'added' && event.name === 'in/a' && rmSync(join(path, 'b')),
  )
  assert.equal(outcome.failed, { 'in/b': 'SOURCE_CHANGED' })
  assert.equal(outcome.added, ['in/a', 'in/c', 'in'])
  assert.match(outcome.messages, /b vanished while it was read/)
})

test('a file that becomes a symlink, a folder or a pipe', async () => {
  const becomes: Record<string, (path: string) => void> = {
    link: path => symlinkSync('/etc/passwd', path),
    folder: path => mkdirSync(path),
    pipe: path => assert.is(spawnSync('mkfifo', [path]).status, 0),
  }
  for (const become of Object.values(becomes)) {
    const path = folder({ a: '1', b: '2', c: '3' })
    const outcome = await run(path, {}, event => {
      if (event.type !== 'added' || event.name !== 'in/a') return
      rmSync(join(path, 'b'))
      become(join(path, 'b'))
    })
    assert.equal(Object.keys(outcome.failed), ['in/b'])
    assert.equal(outcome.added, ['in/a', 'in/c', 'in'])
  }
})

test('a folder that vanishes after it was listed', async () => {
  const path = folder({ a: '1' })
  mkdirSync(join(path, 'b'))
  const outcome = await run(
    path,
    {},
    event => event.type === 'added' && event.name === 'in/a' && rmSync(join(path, 'b'), { recursive: true }),
  )
  assert.equal(outcome.failed, { 'in/b': 'SOURCE_CHANGED' })
})

for (const [name, change, says] of [
  ['grows', (path: string) => appendFileSync(path, 'more'), /grew/],
  ['shrinks', (path: string) => truncateSync(path, 100), /shrank/],
  ['is written to in place', (path: string) => utimesSync(path, 1, 1), /changed/],
] as const) {
  for (const chunker of ['size-65536', 'buzhash'])
    test(`a large file that ${name} while it is read (${chunker})`, async () => {
      const path = folder({ a: '1', b: large, c: '3' })
      let changed = false
      const outcome = await run(path, { chunker }, event => {
        if (event.type !== 'progress' || changed) return
        changed = true
        change(join(path, 'b'))
      })
      assert.ok(changed)
      assert.equal(outcome.failed, { 'in/b': 'SOURCE_CHANGED' })
      assert.equal(outcome.added, ['in/a', 'in/c', 'in'])
      assert.match(outcome.messages, says)
    })
}

test('a large file that changes is thrown when it is the input itself', async () => {
  const path = join(folder({ a: large }), 'a')
  try {
    await run(path, smallChunks, event => event.type === 'progress' && appendFileSync(path, 'more'))
  } catch (error) {
    assert.ok(isCairnError(error, 'SOURCE_CHANGED'), String(error))
    return
  }
  assert.unreachable('it was added')
})

/** Runs as someone who may not read everything, even if the tests run as root. */
async function withoutRights(action: () => Promise<void>): Promise<void> {
  if (process.getuid?.() !== 0) return action()
  chmodSync(tmpdir(), 0o711)
  chmodSync(work, 0o711)
  process.seteuid?.(65534)
  try {
    await action()
  } finally {
    process.seteuid?.(0)
  }
}

test('files and folders without the right to read them', async () => {
  const path = folder({ a: '1', secret: '2', z: '3' })
  mkdirSync(join(path, 'closed'))
  chmodSync(join(path, 'secret'), 0)
  chmodSync(join(path, 'closed'), 0)
  await withoutRights(async () => {
    const outcome = await run(path)
    assert.equal(outcome.failed, { 'in/closed': 'READ_FAILED', 'in/secret': 'READ_FAILED' })
    assert.equal(outcome.added, ['in/a', 'in/z', 'in'])
    assert.match(outcome.messages, /cannot read .*secret: permission denied/)
  })
})

test('a file that the disk cannot give', async () => {
  // The memory of a process looks like a file, but its first page is never there.
  const path = folder({ a: '1' })
  symlinkSync('/proc/self/mem', join(path, 'bad'))
  const outcome = await run(path, { dereferenceSymlinks: true })
  assert.equal(outcome.failed, { 'in/bad': 'READ_FAILED' })
  assert.equal(outcome.added, ['in/a', 'in'])
})

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
        const outcome = await run(path, smallChunks)
        assert.ok(outcome.added.includes('in/good'))
        for (const code of Object.values(outcome.failed)) assert.is(code, 'SOURCE_CHANGED')
      }
    } finally {
      stop()
    }
  })

test.after(() => rmSync(work, { recursive: true, force: true }))
test.run()
