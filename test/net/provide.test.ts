import { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RAW } from '../../src/block/cid.ts'
import { sha256 } from '../../src/block/hash.ts'
import { LIMITS } from '../../src/limits.ts'
import { ProvideQueue } from '../../src/net/provide.ts'
import { createLogger } from '../../src/observe/log.ts'
import { until } from './fake-wire.ts'

const cidOf = (text: string) => CID.createV1(RAW, sha256(Buffer.from(text)))

function setUp(provide: (cid: CID) => Promise<void>) {
  const stop = new AbortController()
  const lines: string[] = []
  const log = createLogger({ level: 'info', format: 'json', write: line => lines.push(line) })
  return { stop, lines, queue: new ProvideQueue({ provide, log, signal: stop.signal, retryMs: 1 }) }
}

test('announces one root after the other, each once', async () => {
  const done: string[] = []
  let running = 0
  const { queue } = setUp(async cid => {
    assert.is(++running, 1)
    await new Promise(resolve => setImmediate(resolve))
    running--
    done.push(cid.toString())
  })
  const cids = ['a', 'b', 'c'].map(cidOf)
  queue.add([...cids, cids[0] as CID])
  queue.add([cidOf('d')])
  await until(() => done.length === 4)
  assert.equal(done, ['a', 'b', 'c', 'd'].map(cidOf).map(String))
  queue.add([cids[0] as CID])
  await until(() => done.length === 5)
})

test('what fails is tried again later, others first', async () => {
  const tried: string[] = []
  const { queue } = setUp(async cid => {
    tried.push(cid.toString())
    if (tried.length === 1) throw new Error('nobody there')
  })
  queue.add([cidOf('a'), cidOf('b')])
  await until(() => tried.length === 3)
  assert.equal(tried, ['a', 'b', 'a'].map(cidOf).map(String))
})

test('what keeps failing is given up, and said', async () => {
  let tries = 0
  const { queue, lines } = setUp(async () => {
    tries++
    throw new Error('never')
  })
  queue.add([cidOf('a')])
  await until(() => lines.length > 0)
  assert.is(tries, 6)
  assert.match(lines[0] ?? '', 'not announced')
})

test('the line has an end, and what does not fit is said', async () => {
  const { queue, lines, stop } = setUp(() => new Promise(() => {}))
  queue.add(Array.from({ length: LIMITS.provideQueue.value + 5 }, (_, i) => cidOf(`${i}`)))
  assert.match(lines[0] ?? '', '"left":5')
  stop.abort()
})

test('stopping ends it', async () => {
  let tries = 0
  const { queue, stop } = setUp(async () => {
    tries++
    stop.abort()
    throw new Error('stopped')
  })
  queue.add([cidOf('a'), cidOf('b')])
  await until(() => tries > 0)
  await new Promise(resolve => setTimeout(resolve, 10))
  assert.is(tries, 1)
})

test.run()
