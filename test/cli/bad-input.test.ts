import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type MemoryOptions, runCli } from '../support/memory-io.ts'
import { setSchema } from '../support/schema.ts'

const work = mkdtempSync(join(tmpdir(), 'bad-'))
const repo = join(work, 'repo')
const HELLO = 'bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am'
const HELLO_DIGEST = '5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03'
const ABSENT = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'

const run = (argv: readonly string[], options: MemoryOptions = {}) =>
  runCli(argv, { ...options, env: { CAIRN_REPO: repo, CAIRN_MODE: 'offline', ...options.env } })

/** Fails the test unless the command ends with that code, says that on stderr, and nothing on stdout. */
async function refused(
  argv: readonly string[],
  code: number,
  text: string,
  options: MemoryOptions = {},
): Promise<void> {
  const ran = await run(argv, options)
  assert.is(ran.code, code, `${argv.join(' ')}: ${ran.stderr}`)
  assert.ok(ran.stderr.includes(text), `${argv.join(' ')}: ${ran.stderr}`)
  assert.ok(ran.stderr.startsWith('error: '), ran.stderr)
  assert.is(ran.stdout, '')
}

test.before(async () => {
  mkdirSync(join(work, 'folder/sub'), { recursive: true })
  writeFileSync(join(work, 'folder/a.txt'), 'hello\n')
  writeFileSync(join(work, 'folder/sub/b.txt'), 'below\n')
})

test('no repository: what writes makes one and says so, the rest says how', async () => {
  for (const argv of [
    ['cat', HELLO],
    ['pin', 'ls'],
    ['repo', 'stat'],
    ['gc'],
    ['dag', 'export', HELLO, '-o', '/dev/null'],
  ])
    await refused(argv, 10, `there is no repository at ${repo}\n  → make one with \`cairn init\``)
  await refused(['swarm', 'peers'], 10, 'there is no repository')
  await refused(['shutdown'], 12, 'start one with `cairn daemon`')
  const added = await run(['add', join(work, 'folder')])
  assert.is(added.code, 0)
  assert.is(added.stderr, `made a repository at ${repo}\n`)
})

test('no CID, a cut one, unknown hash, unknown codec', async () => {
  await refused(['cat', 'nonsense'], 2, 'invalid path "nonsense": "nonsense" is not a CID\n  → a CID looks like')
  await refused(['cat', HELLO.slice(0, -9)], 2, 'is not a CID')
  await refused(['cat', '/ipfs/'], 2, 'it names no CID')
  await refused(['cat', '/ipns/example.org'], 4, 'this node is offline and knows no such name')
  await refused(['ls', `/elsewhere/${HELLO}`], 2, 'begins with neither /ipfs/ nor a CID')
  // CIDv1, raw, multihash 0x99 (unknown) of 32 bytes.
  const unknownHash = `f0155990120${'00'.repeat(32)}`
  await refused(['cat', unknownHash], 2, 'hash function 0x99 is not supported')
  await run(['block', 'put', '-'], { input: 'hello\n' })
  // CIDv1, codec 0x1234 (unknown), sha2-256 of "hello\n": the block is here, what it means is not known.
  const unknownCodec = `f01b4241220${HELLO_DIGEST}`
  await refused(['cat', unknownCodec], 2, '0x1234')
  assert.is((await run(['block', 'get', unknownCodec])).stdout, 'hello\n')
})

test('a path that is not in the DAG, a file taken for a folder, a folder taken for a file', async () => {
  const root = (await run(['add', '-Q', join(work, 'folder')])).stdout.trim()
  await refused(['cat', `${root}/nope`], 4, `no link named "nope" under ${root}`)
  await refused(['cat', `${root}/sub`], 2, 'this dag node is a directory')
  await refused(['cat', `${root}/a.txt/deeper`], 4, 'no link named "deeper"')
  await refused(['get', root, '-o', '-'], 2, 'a folder cannot go to stdout')
  await refused(['cat', `${root}/../..`], 2, '`..` leads out of its root')
})

test('a block that is not here', async () => {
  await refused(['cat', ABSENT], 4, ABSENT)
  await refused(['--offline', 'cat', ABSENT], 4, ABSENT, { env: { CAIRN_MODE: 'lan' } })
  await refused(['block', 'get', ABSENT], 4, ABSENT)
  await refused(['block', 'rm', ABSENT], 4, ABSENT)
  await refused(['pin', 'ls', ABSENT], 4, `path '${ABSENT}' is not pinned`)
  await refused(['pin', 'rm', ABSENT], 4, 'not pinned or pinned indirectly')
  await refused(['pin', 'add', ABSENT], 4, ABSENT)
  await refused(['dag', 'export', ABSENT, '-o', join(work, 'x.car')], 4, ABSENT)
  assert.throws(() => readFileSync(join(work, 'x.car')), /ENOENT/)
})

test('bytes that are not what their CID says, too many of them, a hash nobody knows', async () => {
  await refused(['block', 'put', '--cid', HELLO, '-'], 6, `do not hash to it`, { input: 'other\n' })
  await refused(['block', 'put', '-'], 8, 'stdin is longer than the 2097152 bytes allowed', {
    input: 'x'.repeat(2097153),
  })
  await refused(['block', 'put', '--mhtype', 'md5', '-'], 2, 'unrecognized hash function: "md5"', { input: 'x' })
  await refused(['block', 'put', '--mhlen', '99', '-'], 2, 'gives 32 bytes, not 99', { input: 'x' })
  await refused(['block', 'put', '--mhlen', '4', '-'], 2, 'a digest of 4 bytes is not accepted', { input: 'x' })
})

test('CARs: no CAR, cut short, a header of 8 GiB, bytes that lie', async () => {
  const root = (await run(['add', '-Q', join(work, 'folder')])).stdout.trim()
  const car = join(work, 'all.car')
  assert.is((await run(['dag', 'export', root, '-o', car])).code, 0)
  const bytes = readFileSync(car)
  const file = (name: string, content: Uint8Array) => {
    writeFileSync(join(work, name), content)
    return join(work, name)
  }
  const flipped = Buffer.from(bytes)
  flipped[flipped.length - 3] = (flipped[flipped.length - 3] ?? 0) ^ 1
  await refused(['dag', 'import', file('text.car', Buffer.from('hello world\n'))], 6, 'CAR')
  await refused(['dag', 'import', file('cut.car', bytes.subarray(0, -5))], 6, 'CAR')
  await refused(['dag', 'import', file('lie.car', flipped)], 6, 'do not hash to it')
  // A length of 8 GiB as a varint.
  await refused(
    ['dag', 'import', file('huge.car', Buffer.from([0x80, 0x80, 0x80, 0x80, 0x20, 0xa2]))],
    8,
    '8589934592 bytes, more than the 1048576 allowed',
  )
  await refused(['dag', 'import', join(work, 'none.car')], 4, 'none.car cannot be read')
  const some = await run(['dag', 'import', join(work, 'cut.car'), car])
  assert.is(some.code, 3)
  assert.match(some.stdout, `Pinned root\t${root}\tsuccess`)
  assert.match(some.stderr, 'error: 1 of 2 failed')
})

test('add: what is not there, an entry that cannot be read, numbers and names nobody takes', async () => {
  await refused(['add', join(work, 'missing')], 4, `there is no file or folder ${join(work, 'missing')}`)
  await refused(['add', '--chunker', 'nosuch', work], 2, 'nosuch')
  await refused(['add', '--hash', 'nosuch', work], 2, 'nosuch')
  await refused(['add', '--cid-version', '7', work], 2, '7 is neither 0 nor 1')
  await refused(['add'], 2, 'PATH is missing', { terminal: true, env: { NO_COLOR: '1' } })
  const partly = join(work, 'partly')
  mkdirSync(partly)
  writeFileSync(join(partly, 'good'), 'good')
  // Root reads everything but this: it is a file, and reading it from the start is an I/O error.
  symlinkSync('/proc/self/mem', join(partly, 'bad'))
  const ran = await run(['add', '--dereference-symlinks', partly])
  assert.is(ran.code, 3, ran.stderr)
  assert.match(ran.stdout, /added \S+ partly\/good\n/)
  assert.match(ran.stderr, /not added: cannot read .*bad/)
  assert.match(ran.stderr, 'error: 1 entry could not be added')
  const json = await run(['add', '--json', '--dereference-symlinks', partly])
  const lines = json.stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  assert.equal(lines.map(line => line.type).sort(), ['added', 'added', 'done', 'failed'])
  assert.is(lines.find(line => line.type === 'done').failed, 1)
  assert.is(JSON.parse(json.stderr).error.code, 'PARTIAL')
})

test('get: a target that is taken, an unsafe name that is skipped and told', async () => {
  const root = (await run(['add', '-Q', join(work, 'folder')])).stdout.trim()
  await refused(['get', root, '-o', join(work, 'folder')], 2, 'exists already')
  // A folder with the names `../x` and `ok`: {"Links":[…]} in dag-pb, by hand.
  const link = (name: string) => {
    const cid = Buffer.from(`01551220${HELLO_DIGEST}`, 'hex')
    const body = Buffer.concat([
      Buffer.from([0x0a, cid.length]),
      cid,
      Buffer.from([0x12, name.length]),
      Buffer.from(name),
      Buffer.from([0x18, 6]),
    ])
    return Buffer.concat([Buffer.from([0x12, body.length]), body])
  }
  const folder = Buffer.concat([link('../x'), link('ok'), Buffer.from([0x0a, 2, 0x08, 1])])
  const evil = join(work, 'evil.bin')
  writeFileSync(evil, folder)
  const cid = (await run(['block', 'put', '--cid-codec', 'dag-pb', evil])).stdout.trim()
  const target = join(work, 'got/here')
  const ran = await run(['get', cid, '-o', target])
  assert.is(ran.code, 3, ran.stderr)
  assert.match(ran.stderr, 'skipped: ../x')
  assert.is(readFileSync(join(target, 'ok'), 'utf8'), 'hello\n')
  assert.throws(() => readFileSync(join(work, 'got/x')), /ENOENT/)
})

test('a repository of a newer Cairn is left alone', async () => {
  const newer = join(work, 'newer')
  assert.is((await run(['init'], { env: { CAIRN_REPO: newer } })).code, 0)
  setSchema(join(newer, 'cairn.db'), 9999)
  for (const argv of [
    ['repo', 'stat'],
    ['add', join(work, 'folder')],
    ['repo', 'check'],
  ])
    await refused(argv, 10, 'install the newer Cairn', { env: { CAIRN_REPO: newer } })
})

test('a broken config, a config that cannot be read', async () => {
  const broken = mkdtempSync(join(tmpdir(), 'broken-'))
  writeFileSync(join(broken, 'config.json'), '{ "mode": lan }')
  await refused(['repo', 'stat'], 2, 'config.json:1:11: a value is missing', { env: { CAIRN_REPO: broken } })
  await refused(['add', '--config', 'api.listen=0.0.0.0:1', work], 2, 'is reachable from other machines')
})

test.run()
