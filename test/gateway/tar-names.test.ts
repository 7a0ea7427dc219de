// Names in a TAR of the gateway that are paths themselves: what stays inside is unpacked there, what leads out refuses the archive.

import { UnixFS } from 'ipfs-unixfs'
import type { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { folderOf, putNode, putRaw } from '../support/dags.ts'
import { startGateway, type TestGateway } from './support.ts'

let gateway: TestGateway
let file: CID

test.before(async () => {
  gateway = await startGateway()
  file = putRaw(gateway.memory, Buffer.from('content\n'))
})

test.after(() => gateway.close())

/** Names of the entries, as the headers have them. */
async function namesIn(root: CID): Promise<{ status: number; names: string[] }> {
  const answer = await gateway.get(`/ipfs/${root}?format=tar`)
  const bytes = Buffer.from(await answer.arrayBuffer())
  const names: string[] = []
  for (let at = 0; answer.status === 200 && (bytes[at] ?? 0) !== 0; ) {
    const text = (from: number, to: number) =>
      bytes
        .subarray(at + from, at + to)
        .toString()
        .replace(/\0.*$/s, '')
    names.push(text(0, 100).replace(String(root), 'ROOT'))
    at += 512 + Math.ceil(Number.parseInt(text(124, 136), 8) / 512) * 512
  }
  return { status: answer.status, names }
}

const nested = (name: string): CID => {
  const inner = folderOf(gateway.memory, [{ Name: name, Hash: file }])
  const outer = folderOf(gateway.memory, [{ Name: 'inner', Hash: inner }])
  return folderOf(gateway.memory, [{ Name: 'outer', Hash: outer }])
}

test('a name that leads to another place inside is unpacked there', async () => {
  for (const [name, place] of [
    ['../file', 'ROOT/outer/file'],
    ['../../file', 'ROOT/file'],
    ['a/./b', 'ROOT/outer/inner/a/b'],
  ] as const) {
    const { status, names } = await namesIn(nested(name))
    assert.is(status, 200, name)
    assert.equal(names, ['ROOT', 'ROOT/outer', 'ROOT/outer/inner', place])
  }
})

test('a name that leads out, or to the folder itself, refuses the archive before its first byte', async () => {
  for (const name of ['../../../file', '../../..', '../../', '../../../../etc/passwd', '..']) {
    assert.is((await namesIn(nested(name))).status, 422, name)
  }
})

test('behind a symlink no name is followed: it would be written where the link points', async () => {
  const link = putNode(gateway.memory, new UnixFS({ type: 'symlink', data: Buffer.from('/etc') }))
  const inner = folderOf(gateway.memory, [{ Name: '../a-link/passwd', Hash: file }])
  const root = folderOf(gateway.memory, [
    { Name: 'a-link', Hash: link },
    { Name: 'inner', Hash: inner },
  ])
  assert.is((await namesIn(root)).status, 422)
})

test.run()
