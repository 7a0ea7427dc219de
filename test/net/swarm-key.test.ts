import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { preSharedKey } from '@libp2p/pnet'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { configSchema } from '../../src/config/schema.ts'
import { isCairnError } from '../../src/errors.ts'
import { generateSwarmKey, loadSwarmKey } from '../../src/net/swarm-key.ts'

const newRepo = () => mkdtempSync(join(tmpdir(), 'swarm-key-'))
const config = (mode: string, key = 'swarm.key') => configSchema.parse({ mode, swarm: { key } })
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    error => error,
  )

test('a generated key is one that libp2p takes', async () => {
  const repo = newRepo()
  writeFileSync(join(repo, 'swarm.key'), generateSwarmKey())
  const psk = await loadSwarmKey(repo, config('private'))
  assert.ok(psk)
  preSharedKey({ psk })
  assert.is.not(generateSwarmKey(), generateSwarmKey())
})

test("Kubo's file is taken as it is, with any line ends", async () => {
  const repo = newRepo()
  const hex = 'a1'.repeat(32)
  for (const text of [`/key/swarm/psk/1.0.0/\n/base16/\n${hex}`, `/key/swarm/psk/1.0.0/\n/base16/\n${hex}\n`]) {
    writeFileSync(join(repo, 'kubo.key'), text)
    const psk = await loadSwarmKey(repo, config('private', 'kubo.key'))
    assert.is(
      Buffer.from(psk ?? [])
        .toString('utf8')
        .split('\n')[2],
      hex,
    )
  }
})

test('private mode without its key does not start', async () => {
  assert.ok(isCairnError(await failure(loadSwarmKey(newRepo(), config('private'))), 'BAD_CONFIG'))
})

test('a file that is no key does not count as one', async () => {
  const repo = newRepo()
  for (const text of [
    '',
    'hello',
    `/key/swarm/psk/1.0.0/\n/base16/\n${'0'.repeat(62)}`,
    `/key/swarm/psk/1.0.0/\n/base64/\n${'0'.repeat(64)}`,
  ]) {
    writeFileSync(join(repo, 'swarm.key'), text)
    assert.ok(isCairnError(await failure(loadSwarmKey(repo, config('private'))), 'BAD_CONFIG'), text)
  }
})

test('a key in the repository of a node that would ignore it stops the node', async () => {
  const repo = newRepo()
  assert.is(await loadSwarmKey(repo, config('lan')), undefined)
  writeFileSync(join(repo, 'swarm.key'), generateSwarmKey())
  for (const mode of ['public', 'lan']) {
    assert.ok(isCairnError(await failure(loadSwarmKey(repo, config(mode))), 'BAD_CONFIG'))
  }
})

test.run()
