// Files that change while they are read, or cannot be read: each becomes an event or a clear error, the others go on.

import { spawnSync } from 'node:child_process'
import { appendFileSync, chmodSync, mkdirSync, rmSync, symlinkSync, truncateSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isCairnError } from '../../src/errors.ts'
import { randomBytes } from '../support/files.ts'
import { folder, run, work } from './faulty.ts'

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

test.after(() => rmSync(work, { recursive: true, force: true }))
test.run()
