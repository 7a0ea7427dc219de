import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cairnOk, startDaemon, type TestDaemon, temporaryFolder } from '../support/cairn.ts'
import { HELLO, HELLO_DIGEST, refused, refusedByGateway, refusedByRpc } from './support.ts'

const work = temporaryFolder('paths')
const repo = join(work, 'repo')
/** CIDv1, raw, of a hash function that nobody knows (0x99). */
const UNKNOWN_HASH = `f0155990120${'00'.repeat(32)}`
/** CIDv1 of a codec that nobody knows (0x1234); its block is "hello\n". */
const UNKNOWN_CODEC = `f01b4241220${HELLO_DIGEST}`
/** CIDv1, raw, sha2-256 cut to 8 bytes: no proof of anything. */
const SHORT_DIGEST = 'f015512085891b5b522d5df08'

let root = ''
let daemon: TestDaemon

test.before(async () => {
  writeFileSync(join(work, 'a.txt'), 'hello\n')
  root = await cairnOk(['add', '-Q', '-w', join(work, 'a.txt')], { repo })
  daemon = await startDaemon({ repo })
})
test.after(() => daemon.stop())

test('what is no CID', async () => {
  const hint = 'a CID looks like bafy… or Qm…'
  for (const text of ['nonsense', HELLO.slice(0, -9), '/ipfs/nonsense', `${HELLO}x`]) {
    const says = ['invalid path', 'is not a CID']
    for (const command of [['cat'], ['get'], ['ls'], ['stat'], ['pin', 'add'], ['pin', 'rm'], ['block', 'get']])
      await refused([...command, text], { repo, code: 2, says, hint })
    await refusedByRpc(daemon.api, `cat?arg=${encodeURIComponent(text)}`, ['invalid path'])
    const path = text.startsWith('/ipfs/') ? text : `/ipfs/${text}`
    await refusedByGateway(daemon.gateway, path, {
      status: 400,
      says: ['nvalid path', 'is not a CID', 'nonsense'].slice(0, 2),
    })
  }
})

test('a CID of an unknown hash, and of a digest too short to prove anything', async () => {
  const says = ['hash function 0x99 is not supported']
  await refused(['cat', UNKNOWN_HASH], { repo, code: 2, says, hint: 'Cairn takes sha2' })
  await refused(['block', 'put', '--cid', UNKNOWN_HASH], { repo, input: 'x', code: 2, says, hint: 'Cairn takes sha2' })
  await refusedByGateway(daemon.gateway, `/ipfs/${UNKNOWN_HASH}`, { status: 400, says })
  await refusedByRpc(daemon.api, `block/get?arg=${UNKNOWN_HASH}`, ['invalid path'])
  const short = { says: ['digest of 8 bytes'], hint: /./ }
  await refused(['cat', SHORT_DIGEST], { repo, code: 2, ...short })
  await refusedByGateway(daemon.gateway, `/ipfs/${SHORT_DIGEST}`, { status: 400, says: ['digest of 8 bytes'] })
})

test('a CID of an unknown codec: nothing reads it, its block can be had', async () => {
  const says = [/codec(:| is)? 0x1234/]
  for (const command of ['cat', 'get'])
    await refused([command, UNKNOWN_CODEC], { repo, cwd: work, code: 2, says, hint: 'cairn block get' })
  await refusedByGateway(daemon.gateway, `/ipfs/${UNKNOWN_CODEC}`, { status: 400, says: [/odec 0x1234/] })
  assert.is(await cairnOk(['block', 'get', UNKNOWN_CODEC], { repo }), 'hello')
  assert.is(await (await fetch(`${daemon.gateway}/ipfs/${UNKNOWN_CODEC}?format=raw`)).text(), 'hello\n')
})

test('a path that is not in the DAG', async () => {
  const says = [`no link named "nope" under ${root}`]
  for (const command of [['cat'], ['get'], ['ls'], ['stat'], ['pin', 'add'], ['dag', 'export'], ['dag', 'stat']])
    await refused([...command, `${root}/nope`], { repo, cwd: work, code: 4, says, hint: 'cairn ls' })
  await refusedByGateway(daemon.gateway, `/ipfs/${root}/nope`, { status: 404, says: [/o link named .*nope.* under/] })
  await refusedByRpc(daemon.api, `cat?arg=/ipfs/${root}/nope`, [`no link named "nope" under ${root}`])
  await refused(['cat', `${root}/a.txt/deeper`], { repo, code: 4, says: ['no link named "deeper"'], hint: /./ })
  await refused(['cat', root], { repo, code: 2, says: ['is a directory'], hint: 'cairn get' })
})

test('commands that take a block take the one its path leads to, not the root of the path', async () => {
  assert.is(await cairnOk(['block', 'get', `${root}/a.txt`], { repo }), 'hello')
  assert.match(await cairnOk(['block', 'stat', `${root}/a.txt`], { repo }), HELLO)
  await refused(['block', 'rm', `${root}/nope`], { repo, code: 4, says: ['no link named "nope"'], hint: 'cairn ls' })
  await refused(['pin', 'verify', `${root}/a.txt`], { repo, code: 4, says: ['is not pinned'], hint: 'cairn pin ls' })
})

test('pin ls of one path asks for the kind of pin that was named', async () => {
  const file = `${root}/a.txt`
  assert.match(await cairnOk(['pin', 'ls', file], { repo }), `indirect through ${root}`)
  assert.match(await cairnOk(['pin', 'ls', '-t', 'recursive', root], { repo }), `${root} recursive`)
  const hint = 'cairn pin ls'
  for (const [type, path, says] of [
    ['direct', root, 'is not pinned directly'],
    ['recursive', file, 'is not pinned recursively'],
    ['indirect', root, 'is not pinned indirectly'],
  ] as const)
    await refused(['pin', 'ls', '-t', type, path], { repo, code: 4, says: [says], hint })
})

test.run()
