import { chmodSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isCairnError } from '../../src/errors.ts'
import { ephemeralIdentity, loadIdentity } from '../../src/net/identity.ts'

const newRepo = () => mkdtempSync(join(tmpdir(), 'identity-'))

test('a peer id stays the same across restarts', async () => {
  const repo = newRepo()
  const first = await loadIdentity(repo)
  assert.equal(await loadIdentity(repo), first)
})

test('the key file is private and leaves nothing beside it', async () => {
  const repo = newRepo()
  await loadIdentity(repo)
  assert.equal(readdirSync(repo), ['identity.key'])
  assert.is(statSync(join(repo, 'identity.key')).mode & 0o777, 0o600)
})

test('libp2p reads the same peer id and public key from it', async () => {
  const identity = await loadIdentity(newRepo())
  const key = privateKeyFromProtobuf(identity.privateKey)
  assert.is(identity.peerId, peerIdFromPrivateKey(key).toString())
  assert.is(identity.publicKey, Buffer.from(publicKeyToProtobuf(key.publicKey)).toString('base64'))
})

test("a key of libp2p or of Kubo's config can be put there", async () => {
  const repo = newRepo()
  const key = await generateKeyPair('Ed25519')
  writeFileSync(join(repo, 'identity.key'), privateKeyToProtobuf(key))
  assert.is((await loadIdentity(repo)).peerId, peerIdFromPrivateKey(key).toString())
})

test('processes that start at once agree on one identity', async () => {
  const repo = newRepo()
  const loaded = await Promise.all(Array.from({ length: 8 }, () => loadIdentity(repo)))
  assert.is(new Set(loaded.map(identity => identity.peerId)).size, 1)
  assert.equal(readdirSync(repo), ['identity.key'])
})

test('a damaged key is reported and not replaced', async () => {
  const repo = newRepo()
  const file = join(repo, 'identity.key')
  const good = (await loadIdentity(repo)).privateKey
  for (const bad of [Buffer.alloc(0), good.subarray(0, 40), Buffer.from(good).fill(7, 40)]) {
    writeFileSync(file, bad)
    const error = await loadIdentity(repo).catch(error => error)
    assert.ok(isCairnError(error, 'REPO_DAMAGED'))
    assert.equal(readFileSync(file), Buffer.from(bad))
  }
})

test('a key that cannot be read is an error, not a new identity', async () => {
  const repo = newRepo()
  await loadIdentity(repo)
  // A folder in its place cannot be read as a file by anyone, root included.
  const other = newRepo()
  const { mkdirSync } = await import('node:fs')
  mkdirSync(join(other, 'identity.key'))
  chmodSync(other, 0o700)
  const error = await loadIdentity(other).catch(error => error)
  assert.ok(isCairnError(error, 'READ_FAILED'))
})

test('a command gets a name of its own each time', () => {
  assert.is.not(ephemeralIdentity().peerId, ephemeralIdentity().peerId)
})

test.run()
