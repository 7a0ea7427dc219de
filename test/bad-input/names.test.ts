import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cairn, cairnOk, startDaemon, temporaryFolder } from '../support/cairn.ts'
import { ask, assertSound, explains, HELLO_DIGEST, refused } from './support.ts'

const work = temporaryFolder('names')
const repo = join(work, 'repo')
const BAD = ['../../x', '/abs', 'a\0b', '.', '..', '', 'sub/deeper', 'esc\u001b[31m']
const GOOD = 'good.txt'

const field = (number: number, bytes: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes])

/** A folder as dag-pb, by hand: no encoder writes such names. */
function folder(names: readonly string[]): Buffer {
  const links = names.map(name => {
    const cid = Buffer.from(`01551220${HELLO_DIGEST}`, 'hex')
    return field(2, Buffer.concat([field(1, cid), field(2, Buffer.from(name)), Buffer.from([0x18, 6])]))
  })
  return Buffer.concat([...links, field(1, Buffer.from([0x08, 1]))])
}

async function putFolder(bytes: Uint8Array): Promise<string> {
  return cairnOk(['block', 'put', '--cid-codec', 'dag-pb'], { repo, input: bytes })
}

let root = ''
test.before(async () => {
  await cairnOk(['block', 'put'], { repo, input: 'hello\n' })
  root = await putFolder(folder([...BAD, GOOD]))
})

test('get skips what would leave its target, says so, keeps the rest, ends with 3', async () => {
  const into = join(work, 'deep/er/into')
  mkdirSync(join(work, 'deep/er'), { recursive: true })
  const ran = await cairn(['get', root, '-o', into], { repo })
  assert.is(ran.code, 3, ran.stderr)
  explains(ran.stderr, { says: [/^skipped: \.\.\/\.\.\/x: .*slash/m, /^skipped: \/abs: /m], hint: 'listed above' })
  assert.match(ran.stderr, /^skipped: a\\x00b: .*NUL/m)
  assert.match(ran.stderr, /^skipped: \.: /m)
  assert.not.ok(ran.stderr.includes('\u001b') || ran.stderr.includes('\0'))
  // Shown escaped, it is a name like any other for the disk.
  assert.equal(readdirSync(into).sort(), ['esc\u001b[31m', GOOD])
  assert.is(readFileSync(join(into, GOOD), 'utf8'), 'hello\n')
  assert.equal(readdirSync(join(work, 'deep')), ['er'])
  assert.not.ok(existsSync(join(work, 'x')) || existsSync('/abs'))
})

test('a link from a stranger cannot choose where get writes', async () => {
  const inside = join(work, 'inside/here')
  mkdirSync(inside, { recursive: true })
  for (const [uri, name] of [
    [`ipfs://${root}/..%2F..%2Fx`, '../../x'],
    [`ipfs://${root}/%2Fabs`, '/abs'],
    [`ipfs://${root}/a%00b`, 'a\\x00b'],
  ] as const) {
    const says = [`the name "${name}"`]
    await refused(['get', uri], { repo, cwd: inside, code: 7, says, hint: '-o' })
    assert.is(await cairnOk(['get', uri, '-o', '-'], { repo, cwd: inside }), 'hello')
  }
  assert.equal(readdirSync(inside), [])
  assert.not.ok(existsSync(join(work, 'x')))
})

test('ls and the listing of the gateway show such names, escaped', async () => {
  const { code, stdout } = await cairn(['ls', root], { repo })
  assert.is(code, 0)
  for (const shown of [' ../../x\n', ' /abs\n', ' a\\x00b\n', ' .\n', ' esc\\x1b[31m\n'])
    assert.ok(stdout.includes(shown))
  const daemon = await startDaemon({ repo })
  try {
    const page = await ask(daemon.gateway, `/ipfs/${root}/`, { accept: 'text/html' })
    assert.is(page.status, 200)
    assert.not.ok(page.text.includes('\u001b') || page.text.includes('\0'))
    // What a browser would take for a way up or out is a name below this folder.
    for (const [, target = ''] of page.text.matchAll(/href="([^"]*)"/g)) {
      const { pathname } = new URL(target.replaceAll('&amp;', '&'), `${daemon.gateway}/ipfs/${root}/`)
      assert.ok(/^\/$|^\/ipfs\/baf/.test(pathname) || target.startsWith('data:'), target)
    }
    const names = listTar(await bytesOf(`${daemon.gateway}/ipfs/${root}/?format=tar`))
    assert.not.ok(
      names.some(name => name.startsWith('/') || name.split('/').includes('..')),
      names.join('\n'),
    )
  } finally {
    await daemon.stop()
  }
  await assertSound(repo)
})

/** As much of an answer as comes before it is cut off. */
async function bytesOf(url: string): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  const { body } = await fetch(url)
  try {
    for await (const chunk of body ?? []) chunks.push(chunk)
  } catch {
    // Cut off at a name that no archive may carry.
  }
  return Buffer.concat(chunks)
}

/** The names that tar itself sees. */
function listTar(bytes: Buffer): string[] {
  const file = join(work, 'all.tar')
  writeFileSync(file, bytes)
  try {
    return String(execFileSync('tar', ['-tf', file], { stdio: ['ignore', 'pipe', 'ignore'] })).split('\n')
  } catch (error) {
    // Of an archive without its end, tar lists what there is.
    return String((error as { stdout: Buffer }).stdout).split('\n')
  }
}

test('a single symlink and what is no file are refused, not “saved”', async () => {
  const says = ['the symlink to "../../etc/passwd"']
  // UnixFS: type symlink (4), data.
  const target = Buffer.from('../../etc/passwd')
  const link = field(1, Buffer.concat([Buffer.from([0x08, 4, 0x12, target.length]), target]))
  const cid = await cairnOk(['block', 'put', '--cid-codec', 'dag-pb'], { repo, input: link })
  await refused(['get', cid, '-o', join(work, 'link')], { repo, code: 7, says, hint: 'the folder that it lies in' })
  assert.not.ok(existsSync(join(work, 'link')))
})

test.run()
