import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RAW } from '../../src/block/cid.ts'
import { sha256 } from '../../src/block/hash.ts'
import { announceRoots } from '../../src/node/announce.ts'
import { pinStatements } from '../../src/pins/pins.ts'
import { Denylist } from '../../src/policy/denylist.ts'
import { openStore } from '../../src/store/open.ts'
import { initRepo } from '../../src/store/repo.ts'
import { temporaryFolder } from '../support/cairn.ts'

const block = (text: string) => {
  const bytes = Buffer.from(text)
  return { bytes, cid: CID.createV1(RAW, sha256(bytes)) }
}

test('roots are announced at the start and as they are pinned, once each', async () => {
  const path = join(temporaryFolder('announce'), 'repo')
  await initRepo(path)
  await using store = await openStore({
    path,
    maxBytes: 2 ** 30,
    cacheBytes: 2 ** 20,
    graceMs: 0,
    verify: 'crc',
    commit: 'inline',
  })
  const pin = async (text: string) => {
    const { cid, bytes } = block(text)
    await using operation = await store.begin('add')
    await operation.putVerified(cid, bytes, { signal: new AbortController().signal })
    await operation.finish(pinStatements([cid], { mode: 'recursive', name: '' }))
    return cid.toString()
  }
  const expected = [await pin('there before')]
  const announced: string[] = []
  const stopping = new AbortController()
  let heard = () => {}
  announceRoots({
    denylist: new Denylist(),
    withdraw: () => {},
    store,
    signal: stopping.signal,
    announce: cids => {
      announced.push(...cids.map(String))
      heard()
    },
  })
  await new Promise<void>(resolve => (heard = resolve))
  assert.equal(announced, expected)
  expected.push(await pin('comes later'))
  await new Promise<void>(resolve => (heard = resolve))
  assert.equal(announced, expected)
  stopping.abort()
})

test.run()
