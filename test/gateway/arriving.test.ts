import { setTimeout as sleep } from 'node:timers/promises'
import type { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { inTime, LATE } from '../../gateway/content/formats/arriving.ts'
import type { Wait } from '../../src/block/source.ts'
import { CairnError } from '../../src/errors.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'
import { startGateway, type TestGateway, withGateway } from './support.ts'

/** A network that gives the first few blocks, and the others when it is told to. */
class SlowNetwork extends MemoryBlocks {
  given = 0
  readonly gate = Promise.withResolvers<void>()
  readonly held = Promise.withResolvers<void>()

  override async get(cid: CID, options: Wait): Promise<Uint8Array> {
    if (++this.given > 3) {
      this.held.resolve()
      await Promise.race([
        this.gate.promise,
        new Promise((_, reject) => options.signal.addEventListener('abort', reject)),
      ])
    }
    return super.get(cid, options)
  }
}

interface Arriving {
  readonly network: SlowNetwork
  readonly response: Response
}

/** A sharded folder of 3,000 entries whose root alone is here. */
async function open(run: (arriving: Arriving, gateway: TestGateway) => Promise<void>, query = ''): Promise<void> {
  const network = new SlowNetwork()
  const maker = await startGateway({ memory: network })
  const files = Object.fromEntries(Array.from({ length: 3000 }, (_, at) => [`entry ${at}`, '']))
  const root = await maker.addTree(files, { maxDirectoryLinks: 100 })
  await maker.close()
  const near = new MemoryBlocks({ peekable: true })
  const rootBytes = await network.get(root, { signal: new AbortController().signal })
  near.putVerified(root, rootBytes)
  // The look for an index.html reads one shard; the listing itself begins with the rest.
  network.given = 0
  await withGateway({ memory: near, network }, async gateway => {
    const response = await gateway.get(`/ipfs/${root}/${query}`, { accept: 'text/html' })
    await run({ network, response }, gateway)
  })
}

const rowsOf = (body: string) => body.match(/class="ipfs-hash"/g)?.length ?? 0

test('a sharded folder of a slow network begins before it is whole, and ends as a whole page', () =>
  open(async ({ network, response }) => {
    assert.is(response.status, 200)
    assert.match(response.headers.get('etag') ?? '', /^"DirIndex-[0-9a-f]+-part_CID-/)
    assert.is(response.headers.get('content-length'), null)
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    if (reader === undefined) throw new Error('no body')
    let body = (await reader.read()).value ?? ''
    assert.match(body, 'Index of')
    assert.match(body, 'Entries as they arrive')
    assert.not.match(body, '</html>')
    await network.held.promise
    const before = rowsOf(body)
    assert.ok(before < 1000, `${before}`)
    network.gate.resolve()
    for (let next = await reader.read(); !next.done; next = await reader.read()) body += next.value
    assert.is(rowsOf(body), 1000)
    assert.match(body, 'href="?page=2"')
    assert.match(body, /<\/html>\s*$/)
    assert.not.match(body, '<!--rows-->')
  }))

test('what fails on the way cuts the connection: half a page is never a whole one', () =>
  open(async ({ network, response }) => {
    await network.held.promise
    network.gate.reject(new CairnError('UNREACHABLE', 'nobody has it'))
    const failure = await response.text().catch((error: unknown) => error)
    assert.instance(failure, Error)
  }))

test('nothing is kept of a page that arrived in parts: the next one is whole', () =>
  open(async ({ network, response }, gateway) => {
    network.gate.resolve()
    await response.text()
    const again = await gateway.get(new URL(response.url).pathname, { accept: 'text/html' })
    const body = await again.text()
    assert.match(body, 'entries 1 to 1,000')
    assert.not.match(again.headers.get('etag') ?? '', 'part')
  }))

test('in time: items as they are, LATE once where one is slow, never without patience', async () => {
  async function* slow() {
    yield 1
    yield 2
    await sleep(40)
    yield 3
    await sleep(40)
    yield 4
  }
  const collect = async (patienceMs: number | undefined) => {
    const found: unknown[] = []
    for await (const item of inTime(slow(), patienceMs)) found.push(item)
    return found
  }
  assert.equal(await collect(1), [1, 2, LATE, 3, 4])
  assert.equal(await collect(undefined), [1, 2, 3, 4])
  assert.equal(await collect(60_000), [1, 2, 3, 4])
})

test.run()
