// A hostile peer is tried in test/net/network.test.ts, with a node that lies; each other hostile file at every door in test/dag/hostile.test.ts.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { encodeVarint } from '../../src/block/varint.ts'
import { encodeCarHeader } from '../../src/dag/car/car-header.ts'
import { BIN, cairn, cairnOk, startDaemon, type TestDaemon, temporaryFolder } from '../support/cairn.ts'
import { randomBytes } from '../support/files.ts'
import { ask, assertSound, explains, HELLO, refused, refusedByRpc } from './support.ts'

const work = temporaryFolder('wrong')
const repo = join(work, 'repo')
let car: Buffer
let root = ''
let daemon: TestDaemon

test.before(async () => {
  const source = join(work, 'source')
  root = await cairnOk(['add', '-Q'], { repo: source, input: randomBytes(3)(3_000_000) })
  await cairnOk(['dag', 'export', root, '-o', join(work, 'all.car')], { repo: source })
  car = readFileSync(join(work, 'all.car'))
  await cairnOk(['init'], { repo })
  daemon = await startDaemon({ repo })
})
test.after(() => daemon.stop())

const file = (name: string, bytes: Uint8Array): string => {
  writeFileSync(join(work, name), bytes)
  return join(work, name)
}

/** The CAR as `dag/import` wants it. */
function form(bytes: Uint8Array): RequestInit {
  const body = new FormData()
  body.append('file', new Blob([new Uint8Array(bytes)]), 'x.car')
  return { body }
}

/** Neither pinned nor served as a whole: blocks that came before the fault may lie there, until they are collected. */
async function assertNothingCame(): Promise<void> {
  assert.is(await cairnOk(['pin', 'ls'], { repo }), '')
  assert.is((await cairn(['cat', root], { repo })).code, 4)
  const served = await fetch(`${daemon.gateway}/ipfs/${root}`)
    .then(async response => response.ok && (await response.arrayBuffer()))
    .catch(() => false)
  assert.is(served, false)
  await assertSound(repo)
}

test('bytes under a CID that they do not hash to: block put', async () => {
  const says = [`do not hash to it`, HELLO]
  await refused(['block', 'put', '--cid', HELLO], {
    repo,
    input: 'other\n',
    code: 6,
    says,
    hint: 'the source is broken',
  })
  assert.is((await cairn(['block', 'get', HELLO], { repo })).code, 4)
  assert.is((await ask(daemon.gateway, `/ipfs/${HELLO}`)).status, 404)
  assert.is(await cairnOk(['block', 'put', '--cid', HELLO], { repo, input: 'hello\n' }), HELLO)
  await cairnOk(['block', 'rm', HELLO], { repo })
})

test('one bit of a CAR is another one: CLI and RPC', async () => {
  const lie = Buffer.from(car)
  lie.writeUInt8(lie.readUInt8(lie.length - 1000) ^ 1, lie.length - 1000)
  const says = ['do not hash to it']
  await refused(['dag', 'import', file('lie.car', lie)], { repo, code: 6, says, hint: 'the source is broken' })
  await refused(['dag', 'import'], { repo, input: lie, code: 6, says, hint: 'the source is broken' })
  await refusedByRpc(daemon.api, 'dag/import', says, form(lie))
  await assertNothingCame()
})

test('a CAR that is cut short, anywhere: CLI and RPC', async () => {
  for (const length of [0, 1, 30, 100, Math.floor(car.length / 2), car.length - 1]) {
    const cut = car.subarray(0, length)
    const says = ['not a sound CAR', /it (ends|is empty)/, /offset \d+/]
    const hint = 'damaged or cut short'
    await refused(['dag', 'import', file('cut.car', cut)], { repo, code: 6, says, hint })
    // Kubo, and so this RPC, takes no bytes at all for a CAR without anything.
    if (length > 0) await refusedByRpc(daemon.api, 'dag/import', ['not a sound CAR'], form(cut))
  }
  await refused(['dag', 'import', file('text.car', Buffer.from('hello world, I am no CAR\n'))], {
    repo,
    code: 6,
    says: ['not a sound CAR'],
    hint: 'damaged',
  })
  await assertNothingCame()
})

/** 8 GiB as a varint. */
const EIGHT_GIB = Buffer.from([0x80, 0x80, 0x80, 0x80, 0x20])

test('a CAR that announces 8 GiB is refused before they are waited for: header and section', async () => {
  const header = car.subarray(0, 1 + car.readUInt8(0))
  for (const [bytes, code, says] of [
    [Buffer.concat([EIGHT_GIB, Buffer.from([0xa2])]), 8, ['8589934592 bytes, more than the 1048576 allowed']],
    [Buffer.concat([header, EIGHT_GIB]), 6, ['a section announces 8589934592 bytes']],
  ] as const) {
    // stdin stays open: whoever waited for what was announced would wait for ever.
    const child = spawn(process.execPath, [BIN, 'dag', 'import'], {
      env: { ...process.env, CAIRN_REPO: repo, CAIRN_MODE: 'offline' },
    })
    child.stdin.on('error', () => {})
    child.stdin.write(bytes)
    let stderr = ''
    child.stderr.on('data', chunk => {
      stderr += chunk
    })
    const [ended] = await once(child, 'close')
    assert.is(ended, code, stderr)
    explains(stderr, { says, hint: /./ })
    await refusedByRpc(daemon.api, 'dag/import', says, form(bytes))
  }
  await assertNothingCame()
})

test('of several CARs the good ones are taken, the bad ones told: exit 3', async () => {
  const good = file('good.car', car)
  const ran = await cairn(['dag', 'import', file('bad.car', car.subarray(0, 500)), good], { repo })
  assert.is(ran.code, 3)
  assert.match(ran.stdout, `Pinned root\t${root}\tsuccess`)
  explains(ran.stderr, { says: ['not a sound CAR', '1 of 2 failed'], hint: 'listed above' })
  await assertSound(repo)
})

test('a CAR without all of its DAG: taken, said to be incomplete, not pinned', async () => {
  const fresh = join(work, 'fresh')
  const source = join(work, 'source')
  const says = ['1 of 1 roots could not be pinned']
  await cairnOk(['block', 'get', root, '-o', join(work, 'root.bin')], { repo: source })
  const block = readFileSync(join(work, 'root.bin'))
  const section = Buffer.concat([CID.parse(root).bytes, block])
  const alone = Buffer.concat([encodeCarHeader(CID.parse(root)), encodeVarint(section.length), section])
  const ran = await cairn(['dag', 'import', file('alone.car', alone)], { repo: fresh })
  assert.is(ran.code, 3, ran.stderr)
  assert.match(ran.stdout, `Pinned root\t${root}\tFAILED: `)
  explains(ran.stderr, { says, hint: 'cairn pin add' })
  assert.is(await cairnOk(['pin', 'ls'], { repo: fresh }), '')
  await assertSound(fresh)
})

test.run()
