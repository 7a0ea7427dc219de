import { once } from 'node:events'
import { connect } from 'node:net'
import type { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { blockKey } from '../../src/block/cid.ts'
import type { BlockSource } from '../../src/block/source.ts'
import { CairnError } from '../../src/errors.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'
import { withGateway } from './support.ts'

const ANY = 'bafkreidrysan7e6wvyxr56wrir6gnskslyyweggpkh6i3hwyglznv4mlom'

/** A network that never answers, and says what it tried when it is given up. */
class SilentNetwork extends MemoryBlocks implements BlockSource {
  readonly asked: string[] = []
  override async get(cid: CID, { signal }: { signal: AbortSignal }): Promise<Uint8Array> {
    if (this.has(cid)) return super.get(cid, { signal })
    this.asked.push(blockKey(cid))
    await new Promise(resolve => signal.addEventListener('abort', resolve))
    if ((signal.reason as Error).name !== 'TimeoutError') throw signal.reason
    throw new CairnError('UNREACHABLE', `no peer gave ${cid}`, {
      cause: signal.reason,
      tried: ['peer 12D3KooWone: did not answer', 'the DHT: no provider'],
    })
  }
}

test('what the network does not bring in time is 504, with what was tried', async () => {
  await withGateway({ network: new SilentNetwork(), retrievalTimeout: '30ms' }, async gateway => {
    const text = await gateway.get(`/ipfs/${ANY}`)
    assert.is(text.status, 504)
    assert.ok(Number(text.headers.get('retry-after')) > 0)
    assert.is(text.headers.get('cache-control'), 'no-store')
    const body = await text.text()
    assert.match(body, `failed to resolve /ipfs/${ANY}: no peer gave ${ANY}`)
    assert.match(body, 'tried: this node itself: does not have it')
    assert.match(body, 'tried: the network: nothing came within 0.03 s')
    assert.match(body, 'tried: peer 12D3KooWone: did not answer')
    const page = await (await gateway.get(`/ipfs/${ANY}`, { accept: 'text/html' })).text()
    assert.match(page, 'What was tried')
    assert.match(page, 'the DHT: no provider')
  })
})

test('a client that leaves ends the search of the network', async () => {
  const network = new SilentNetwork()
  await withGateway({ network }, async gateway => {
    const socket = connect(gateway.server.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(`GET /ipfs/${ANY} HTTP/1.1\r\nHost: x\r\n\r\n`)
    while (network.asked.length === 0) await new Promise(resolve => setImmediate(resolve))
    socket.destroy()
    await once(socket, 'close')
  })
})

test('only-if-cached asks no network', async () => {
  const network = new SilentNetwork()
  await withGateway({ network }, async gateway => {
    const headers = { 'cache-control': 'max-age=0, Only-If-Cached' }
    const missing = await gateway.get(`/ipfs/${ANY}`, headers)
    assert.is(missing.status, 412)
    assert.match(await missing.text(), 'not in local datastore')
    assert.equal(network.asked, [])
    const cid = await gateway.add('a.txt', 'hello\n')
    network.put({ cid, bytes: Buffer.from('hello\n'), hasLinks: false })
    assert.is((await gateway.get(`/ipfs/${cid}`, headers)).status, 200)
  })
})

test.run()
