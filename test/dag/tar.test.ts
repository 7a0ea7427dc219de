import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type TarEntry, writeTar } from '../../src/dag/export/tar.ts'
import { textOfName } from '../../src/dag/names.ts'

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
}

async function tar(entries: readonly TarEntry[]): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of writeTar(each(entries))) pieces.push(Uint8Array.from(piece))
  return Buffer.concat(pieces)
}

const mtime = { secs: 1_600_000_000n, nsecs: 0 }
const file = (path: string[], text: string, more: Partial<TarEntry> = {}): TarEntry => ({
  path,
  kind: 'file',
  sizeBytes: Buffer.byteLength(text),
  content: each([Buffer.from(text)]),
  mtime,
  ...more,
})

const LONG = 'ž'.repeat(120)

test('what the system tar unpacks is what went in: names of any length, modes, times, links', async () => {
  const archive = await tar([
    { path: ['top'], kind: 'directory', mode: 0o750, mtime, sizeBytes: 0 },
    file(['top', 'run'], '#!', { mode: 0o755, mtime: { secs: 1_500_000_000n, nsecs: 250_000_000 } }),
    file(['top', 'empty'], ''),
    file(['top', LONG, LONG], 'deep'),
    { path: ['top', 'link'], kind: 'symlink', mtime, sizeBytes: 3, target: 'run' },
    { path: ['top', 'far'], kind: 'symlink', mtime, sizeBytes: 3, target: `${LONG}/${LONG}` },
    file(['top', 'old'], 'x', { mtime: { secs: -2n, nsecs: 500_000_000 } }),
    file(['top', '512'], 'y'.repeat(512)),
  ])
  assert.is(archive.length % 512, 0)
  assert.is(
    archive.toString('latin1', 0, 100).replace(/\0+$/, ''),
    'top',
    'no slash: Kubo refuses a root that ends in one',
  )
  const folder = mkdtempSync(join(tmpdir(), 'tar-'))
  execFileSync('tar', ['-xpf', '-', '-C', folder], { input: archive })
  const at = (...names: string[]) => join(folder, 'top', ...names)
  assert.is(readFileSync(at('run'), 'utf8'), '#!')
  assert.is(readFileSync(at(LONG, LONG), 'utf8'), 'deep')
  assert.is(readFileSync(at('512'), 'utf8').length, 512)
  assert.is(statSync(at('empty')).size, 0)
  assert.is(statSync(at('run')).mode & 0o777, 0o755)
  assert.is(statSync(at()).mode & 0o777, 0o750)
  assert.is(statSync(at('run')).mtimeMs, 1_500_000_000_250)
  assert.is(statSync(at('old')).mtimeMs, -1500)
  assert.is(readlinkSync(at('link')), 'run')
  assert.is(readlinkSync(at('far')), `${LONG}/${LONG}`)
})

test('names that would leave the folder are refused', async () => {
  for (const name of ['..', '.', '', 'a/b', 'a\0b']) {
    const code = await tar([file(['top', name], 'x')]).catch(error => error.code)
    assert.is(code, 'UNSAFE_NAME', JSON.stringify(name))
  }
})

test('a name that is no UTF-8 keeps its bytes', async () => {
  const bytes = Buffer.from([0x66, 0xff, 0xfe])
  const archive = await tar([file(['top', textOfName(bytes)], 'x')])
  const folder = mkdtempSync(join(tmpdir(), 'tar-'))
  execFileSync('tar', ['-xf', '-', '-C', folder], { input: archive, stdio: ['pipe', 'ignore', 'ignore'] })
  assert.equal(readdirSync(join(folder, 'top'), { encoding: 'buffer' }), [bytes])
})

test('content of another length than announced breaks the archive off', async () => {
  for (const sizeBytes of [1, 100]) {
    const code = await tar([file(['a'], 'four', { sizeBytes })]).catch(error => error.code)
    assert.is(code, 'BAD_BLOCK', `${sizeBytes} announced`)
  }
})

test('a size beyond eleven octal digits goes into a pax record', async () => {
  const sizeBytes = 9 * 1024 ** 3
  // Heads of entries leave with what comes behind them.
  const content = 'x'.repeat(1024 ** 2)
  const [head = new Uint8Array()] = await firstPieces(writeTar(each([file(['big'], content, { sizeBytes })])))
  assert.match(Buffer.from(head).toString('latin1'), `size=${sizeBytes}\n`)
})

async function firstPieces(pieces: AsyncGenerator<Uint8Array>): Promise<Uint8Array[]> {
  const first = await pieces.next()
  await pieces.return(undefined)
  return first.done === true ? [] : [first.value]
}

test.run()
