import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { AddEvent, ImportOptions, SourceEntry } from '../../src/api/add.ts'
import { importSources } from '../../src/dag/import/import.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'

const { signal } = new AbortController()

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
}

const file = (path: string, text = path): SourceEntry => ({ path: path.split('/'), kind: 'file', content: once(text) })
const folder = (path: string): SourceEntry => ({ path: path.split('/'), kind: 'directory', content: once('') })

async function run(entries: readonly SourceEntry[], options: ImportOptions = {}): Promise<AddEvent[]> {
  const events: AddEvent[] = []
  const sources = [{ kind: 'entries', entries: each(entries) }] as const
  for await (const event of importSources(sources, { ...options, signal }, new MemoryBlocks())) events.push(event)
  return events
}

const names = (events: readonly AddEvent[]) =>
  events.flatMap(event => (event.type === 'added' ? [event.name] : [])).join(' ')

const roots = (events: readonly AddEvent[]) => {
  const last = events.at(-1)
  return last?.type === 'done' ? last.roots.map(String) : []
}

const refusal = (entries: readonly SourceEntry[], options: ImportOptions = {}) =>
  run(entries, options).then(
    () => '',
    error => `${error.code} ${error.message}`,
  )

test('files are told as they come, the folders of a root after them by name, then the root', async () => {
  const events = await run([
    folder('d'),
    file('d/zz/x'),
    file('d/aa/x'),
    file('d/b'),
    folder('d/empty'),
    file('e'),
    file('f/g'),
  ])
  assert.is(names(events), 'd/zz/x d/aa/x d/b d/aa d/empty d/zz d e f/g f')
  assert.is(roots(events).length, 3)
})

test('a folder is the same with and without an entry of its own, and in any order of its entries', async () => {
  const [one] = roots(await run([folder('d'), file('d/a', '1'), folder('d/s'), file('d/s/b', '2'), file('d/z', '3')]))
  const [other] = roots(await run([file('d/z', '3'), file('d/a', '1'), file('d/s/b', '2')]))
  assert.is(one, other)
})

test('in a wrapping folder the roots are its entries', async () => {
  const events = await run([file('b'), file('d/x'), file('a')], { wrapWithDirectory: true })
  assert.is(names(events), 'b d/x a d ')
  assert.is(roots(events).length, 1)
})

test('one name twice in a folder is refused, and so is a folder that was left', async () => {
  const again = 'BAD_REQUEST directory already has entry by that name'
  assert.is(await refusal([file('d/a'), file('d/a')]), again)
  assert.is(await refusal([file('a'), file('a')], { wrapWithDirectory: true }), again)
  assert.is(await refusal([file('d/s/a'), file('d/b'), file('d/s/c')]), again)
  assert.is(await refusal([file('d/s'), file('d/s/a')]), again)
  assert.is(await refusal([file('a'), file('a')]), '', 'roots may have one name')
})

test('a file without a name goes by its CID', async () => {
  const unnamed: SourceEntry = { path: [], kind: 'file', content: once('hi') }
  const events = await run([unnamed], { profile: 'kubo-default' })
  assert.is(names(events), 'QmdckCoPuhEtiNzREtqpYn8dBgY8ifcG82Q4eyEdGCLEiu')
})

test('depth and symlink targets are bounded, and cancelling ends it', async () => {
  assert.match(await refusal([file(Array.from({ length: 600 }, () => 'd').join('/'))]), /^LIMIT /)
  assert.match(await refusal([{ path: ['l'], kind: 'symlink', content: once('x'.repeat(5000)) }]), /^LIMIT /)
  const stop = new AbortController()
  async function* entries(): AsyncGenerator<SourceEntry> {
    yield file('a')
    stop.abort()
    yield file('b')
  }
  const sources = [{ kind: 'entries', entries: entries() }] as const
  let seen = ''
  try {
    for await (const event of importSources(sources, { signal: stop.signal }, new MemoryBlocks())) seen += event.type
  } catch (error) {
    assert.is((error as Error).name, 'AbortError')
  }
  assert.is(seen, 'added')
})

test('a stream of entries stands alone', async () => {
  const sources = [
    { kind: 'entries', entries: each([file('a')]) },
    { kind: 'stream', name: 'b', content: once('b') },
  ] as const
  const adding = importSources(sources, { signal }, new MemoryBlocks())
  assert.is(await adding.next().catch(error => error.code), 'USAGE')
})

test.run()
