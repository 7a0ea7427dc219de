import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runCli } from '../support/memory-io.ts'
import { makePublisher, makeRecord } from './signing.ts'

const folder = mkdtempSync(join(tmpdir(), 'names-cli-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

/** `hello\n` as an identity CID: content that needs no repository. */
const HELLO = 'bafkqabtimvwgy3yk'
const env = {
  CAIRN_REPO: join(folder, 'repo'),
  CAIRN_MODE: 'offline',
  IPFS_NS_MAP: `hello.test:/ipfs/${HELLO},to.test:/ipns/hello.test,loop.test:/ipns/loop.test,under.test:/ipns/to.test/x y`,
}
const run = (...args: string[]) => runCli(args, { env })

test('name resolve prints the path, each step, or JSON', async () => {
  assert.is((await run('name', 'resolve', 'to.test')).stdout, `/ipfs/${HELLO}\n`)
  assert.is((await run('name', 'resolve', '/ipns/UNDER.test.')).stdout, `/ipfs/${HELLO}/x y\n`)
  assert.is((await run('name', 'resolve', '--no-recursive', 'to.test')).stdout, '/ipns/hello.test\n')
  assert.match(
    (await run('name', 'resolve', '--trace', 'to.test')).stdout,
    /\/ipns\/to\.test → \/ipns\/hello\.test {2}\(static\)/,
  )
  const { path, chain } = JSON.parse((await run('name', 'resolve', '--json', 'under.test')).stdout)
  assert.is(path, `/ipfs/${HELLO}/x y`)
  assert.is(chain.length, 3)
})

test('what cannot be resolved has an exit code of its own', async () => {
  const codes = {
    'none.test': 4,
    'loop.test': 8,
    'a b': 2,
    k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8: 4,
  }
  for (const [name, code] of Object.entries(codes)) {
    const ran = await run('name', 'resolve', name)
    assert.is(ran.code, code, name)
    assert.match(ran.stderr, /^error: ./m)
    assert.is(ran.stdout, '')
  }
})

test('paths under /ipns are followed by the commands that read', async () => {
  assert.is((await run('cat', '/ipns/to.test')).stdout, 'hello\n')
  assert.is((await run('cat', 'ipns://hello.test')).stdout, 'hello\n')
  assert.match((await run('stat', '/ipns/hello.test')).stdout, new RegExp(HELLO))
  assert.is((await run('cat', '/ipns/none.test')).code, 4)
})

test('name inspect takes a record apart and says whether it is valid', async () => {
  const [publisher, other] = [await makePublisher(), await makePublisher()]
  const file = join(folder, 'a.ipns-record')
  writeFileSync(file, await makeRecord(publisher, { value: `/ipfs/${HELLO}`, sequence: (1n << 64n) - 1n }))
  const plain = await run('name', 'inspect', file)
  assert.is(plain.code, 0, plain.stderr)
  assert.match(plain.stdout, /^Sequence: +18446744073709551615$/m)
  assert.not.match(plain.stdout, /Valid:/)
  const good = await run('name', 'inspect', '--json', '--verify', publisher.name.text, file)
  assert.is(good.code, 0, good.stderr)
  const told = JSON.parse(good.stdout)
  assert.equal([told.valid, told.value, told.ttl, told.signature], [true, `/ipfs/${HELLO}`, '300', 'V2'])
  const bad = await run('name', 'inspect', '--verify', other.name.text, file)
  assert.is(bad.code, 6)
  assert.match(bad.stdout, /^Valid: +no: .*signature/m)
  writeFileSync(file, 'garbage')
  assert.is((await run('name', 'inspect', file)).code, 6)
})

test.run()
