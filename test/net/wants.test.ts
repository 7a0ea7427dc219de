import { randomBytes } from 'node:crypto'
import { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RAW } from '../../src/block/cid.ts'
import { sha256 } from '../../src/block/hash.ts'
import type { CairnError } from '../../src/errors.ts'
import { createSession } from '../../src/net/session.ts'
import { type Patience, Wants } from '../../src/net/wants.ts'
import { SILENT } from '../../src/observe/log.ts'
import { FakeWire, gives, newPeer, says, until } from './fake-wire.ts'

const HOUR = 3_600_000
const CALM: Patience = { tickMs: 2, hedgeMs: HOUR, silentMs: HOUR, searchMs: HOUR, idleMs: HOUR }
const free = new AbortController().signal

function setUp(patience: Partial<Patience> = {}) {
  const wire = new FakeWire()
  const stop = new AbortController()
  const searched: string[] = []
  const wants = new Wants({
    wire: () => wire,
    log: SILENT,
    signal: stop.signal,
    search: (session, cid) => {
      searched.push(cid.toString())
      if (session.search.found.length === 0) session.search.found.push('routing: searched')
    },
    patience: { ...CALM, ...patience },
  })
  return { wire, wants, stop, searched }
}

function newBlock() {
  const bytes = randomBytes(64)
  const cid = CID.createV1(RAW, sha256(bytes))
  return { bytes, cid, session: createSession(cid) }
}

const failure = (promise: Promise<unknown>): Promise<CairnError> =>
  promise.then(
    () => assert.unreachable(),
    error => error,
  ) as Promise<CairnError>

test('asks the only peer, and gives what hashes to the CID', async () => {
  const { wire, wants } = setUp()
  const [peer, { cid, bytes, session }] = [await newPeer(), newBlock()]
  wants.onConnect(peer)
  const fetched = wants.fetch(cid, session, { signal: free })
  await until(() => wire.told(peer).length > 0)
  assert.equal(wire.told(peer), [`block ${cid}`])
  assert.is(wire.sent[0]?.message.full, true)
  wants.onMessage(peer, gives(cid, bytes))
  assert.equal(await fetched, bytes)
})

test('a peer that connects later is asked for what is still wanted', async () => {
  const { wire, wants, searched } = setUp()
  const [peer, { cid, bytes, session }] = [await newPeer(), newBlock()]
  const fetched = wants.fetch(cid, session, { signal: free })
  await until(() => searched.length > 0)
  wants.onConnect(peer)
  await until(() => wire.told(peer).length > 0)
  wants.onMessage(peer, gives(cid, bytes))
  assert.equal(await fetched, bytes)
})

test('of several strangers the one that has it is asked for the block, and for the next ones alone', async () => {
  const { wire, wants } = setUp()
  const [a, b] = [await newPeer(), await newPeer()]
  const [first, second] = [newBlock(), newBlock()]
  wants.onConnect(a)
  wants.onConnect(b)
  const fetched = wants.fetch(first.cid, first.session, { signal: free })
  await until(() => wire.told(a).length > 0 && wire.told(b).length > 0)
  wants.onMessage(a, says(first.cid, 'DoNotHaveBlock'))
  wants.onMessage(b, says(first.cid, 'HaveBlock'))
  await until(() => wire.told(b).length > 1)
  wants.onMessage(b, gives(first.cid, first.bytes))
  assert.equal(await fetched, first.bytes)
  const next = wants.fetch(second.cid, first.session, { signal: free })
  await until(() => wire.told(b).length > 2)
  wants.onMessage(b, gives(second.cid, second.bytes))
  await next
  assert.equal(wire.told(b), [`have ${first.cid}`, `block ${first.cid}`, `block ${second.cid}`])
  assert.not.ok(wire.told(a).includes(`block ${second.cid}`))
})

test('who wait for one block share one want', async () => {
  const { wire, wants } = setUp()
  const [peer, { cid, bytes, session }] = [await newPeer(), newBlock()]
  wants.onConnect(peer)
  const both = [wants.fetch(cid, session, { signal: free }), wants.fetch(cid, createSession(cid), { signal: free })]
  await until(() => wire.told(peer).length > 0)
  wants.onMessage(peer, gives(cid, bytes))
  assert.equal(await Promise.all(both), [bytes, bytes])
  assert.equal(wire.told(peer), [`block ${cid}`])
})

test('giving up tells the peer, so that it does not send later', async () => {
  const { wire, wants } = setUp()
  const [peer, { cid, bytes, session }] = [await newPeer(), newBlock()]
  wants.onConnect(peer)
  const gaveUp = new AbortController()
  const fetched = wants.fetch(cid, session, { signal: gaveUp.signal })
  await until(() => wire.told(peer).length > 0)
  gaveUp.abort()
  assert.is((await failure(fetched)).code, 'CANCELLED')
  await until(() => wire.told(peer).length > 1)
  assert.equal(wire.told(peer), [`block ${cid}`, `cancel ${cid}`])
  // It may have been on its way: that is no lie.
  wants.onMessage(peer, gives(cid, bytes))
  const again = wants.fetch(cid, session, { signal: free })
  await until(() => wire.told(peer).length > 2)
  wants.onMessage(peer, gives(cid, bytes))
  assert.equal(await again, bytes)
})

test('one of two who wait can give up without the other', async () => {
  const { wire, wants } = setUp()
  const [peer, { cid, bytes, session }] = [await newPeer(), newBlock()]
  wants.onConnect(peer)
  const gaveUp = new AbortController()
  const first = wants.fetch(cid, session, { signal: gaveUp.signal })
  const second = wants.fetch(cid, session, { signal: free })
  await until(() => wire.told(peer).length > 0)
  gaveUp.abort()
  await failure(first)
  wants.onMessage(peer, gives(cid, bytes))
  assert.equal(await second, bytes)
  assert.equal(wire.told(peer), [`block ${cid}`])
})

test('a time-out says who was asked and what each said', async () => {
  const { wants } = setUp()
  const [a, b] = [await newPeer(), await newPeer()]
  const { cid, session } = newBlock()
  wants.onConnect(a)
  wants.onConnect(b)
  const timer = new AbortController()
  const fetched = wants.fetch(cid, session, { signal: timer.signal })
  await until(() => true)
  wants.onMessage(a, says(cid, 'DoNotHaveBlock'))
  timer.abort(new DOMException('late', 'TimeoutError'))
  const error = await failure(fetched)
  assert.is(error.code, 'UNREACHABLE')
  assert.equal(error.tried.slice(0, 2), [`peer ${a}: does not have it`, `peer ${b}: did not answer`])
})

test('with nobody connected the error says so, and that routing was tried', async () => {
  const { wants } = setUp()
  const { cid, session } = newBlock()
  const error = await failure(wants.fetch(cid, session, { signal: AbortSignal.timeout(5) }))
  assert.is(error.code, 'UNREACHABLE')
  assert.equal(error.tried, ['no peer is connected', 'routing: searched'])
})

test('wrong bytes are not taken, and the peer that sent them is not asked again', async () => {
  const { wire, wants } = setUp()
  const [liar, honest] = [await newPeer(), await newPeer()]
  const [first, second] = [newBlock(), newBlock()]
  wants.onConnect(liar)
  const fetched = wants.fetch(first.cid, first.session, { signal: free })
  await until(() => wire.told(liar).length > 0)
  wants.onMessage(liar, gives(first.cid, randomBytes(64)))
  wants.onConnect(honest)
  await until(() => wire.told(honest).length > 0)
  wants.onMessage(honest, gives(first.cid, first.bytes))
  assert.equal(await fetched, first.bytes)
  const asked = wire.told(liar).length
  const next = wants.fetch(second.cid, second.session, { signal: free })
  await until(() => wire.told(honest).length > 1)
  wants.onMessage(honest, gives(second.cid, second.bytes))
  await next
  assert.is(wire.told(liar).length, asked)
})

test('a liar alone: UNREACHABLE, and it is named', async () => {
  const { wire, wants } = setUp()
  const [liar, { cid, session }] = [await newPeer(), newBlock()]
  wants.onConnect(liar)
  const timer = new AbortController()
  const fetched = wants.fetch(cid, session, { signal: timer.signal })
  await until(() => wire.told(liar).length > 0)
  wants.onMessage(liar, gives(cid, randomBytes(64)))
  timer.abort(new DOMException('late', 'TimeoutError'))
  const error = await failure(fetched)
  assert.is(error.code, 'UNREACHABLE')
  assert.equal(error.tried[0], `peer ${liar}: sent other bytes`)
})

test('a block that cannot even be hashed is a lie too', async () => {
  const { wire, wants } = setUp()
  const [liar, { cid, session }] = [await newPeer(), newBlock()]
  wants.onConnect(liar)
  const timer = new AbortController()
  const fetched = wants.fetch(cid, session, { signal: timer.signal })
  await until(() => wire.told(liar).length > 0)
  wants.onMessage(liar, { blocks: [{ prefix: Uint8Array.of(1, 2, 3), data: randomBytes(8) }], blockPresences: [] })
  timer.abort(new DOMException('late', 'TimeoutError'))
  assert.equal((await failure(fetched)).tried[0], `peer ${liar}: sent other bytes`)
})

test('a peer that goes away is replaced by another', async () => {
  const { wire, wants } = setUp()
  const [a, b] = [await newPeer(), await newPeer()]
  const { cid, bytes, session } = newBlock()
  session.providers.add(a.toString())
  wants.onConnect(a)
  wants.onConnect(b)
  const fetched = wants.fetch(cid, session, { signal: free })
  await until(() => wire.told(a).length > 0)
  assert.equal(wire.told(b), [])
  wants.onDisconnect(a)
  await until(() => wire.told(b).length > 0)
  wants.onMessage(b, gives(cid, bytes))
  assert.equal(await fetched, bytes)
})

test('a slow provider gets company, and a cancel when the other was faster', async () => {
  const { wire, wants } = setUp({ hedgeMs: 1 })
  const [slow, fast] = [await newPeer(), await newPeer()]
  const { cid, bytes, session } = newBlock()
  for (const peer of [slow, fast]) {
    session.providers.add(peer.toString())
    wants.onConnect(peer)
  }
  const fetched = wants.fetch(cid, session, { signal: free })
  await until(() => wire.told(slow).length > 0 && wire.told(fast).length > 0)
  wants.onMessage(fast, gives(cid, bytes))
  await fetched
  await until(() => wire.told(slow).length > 1)
  assert.equal(wire.told(slow), [`block ${cid}`, `cancel ${cid}`])
  assert.equal(wire.told(fast), [`block ${cid}`])
})

test('a silent peer is passed over, and asked again when nobody else is left', async () => {
  const { wire, wants } = setUp({ silentMs: 1, hedgeMs: 1 })
  const [peer, { cid, bytes, session }] = [await newPeer(), newBlock()]
  wants.onConnect(peer)
  const fetched = wants.fetch(cid, session, { signal: free })
  await until(() => wire.told(peer).length > 1)
  assert.equal(wire.told(peer).slice(0, 2), [`block ${cid}`, `block ${cid}`])
  wants.onMessage(peer, gives(cid, bytes))
  assert.equal(await fetched, bytes)
})

test('a message that could not be sent counts as no answer', async () => {
  const { wire, wants } = setUp()
  const [broken, good] = [await newPeer(), await newPeer()]
  const { cid, bytes, session } = newBlock()
  session.providers.add(broken.toString())
  wire.onSend = async peer => {
    if (peer.equals(broken)) throw new Error('reset')
  }
  wants.onConnect(broken)
  wants.onConnect(good)
  const fetched = wants.fetch(cid, session, { signal: free })
  await until(() => wire.told(good).length > 0)
  wants.onMessage(good, gives(cid, bytes))
  assert.equal(await fetched, bytes)
})

test('when nothing of a root comes for long, its fetches end by themselves', async () => {
  const { wants } = setUp({ idleMs: 5 })
  const { cid, session } = newBlock()
  assert.is((await failure(wants.fetch(cid, session, { signal: free }))).code, 'UNREACHABLE')
})

test('stopping ends every fetch, and no new one starts', async () => {
  const { wants, stop } = setUp()
  const { cid, session } = newBlock()
  const fetched = wants.fetch(cid, session, { signal: free })
  stop.abort()
  assert.is((await failure(fetched)).code, 'CANCELLED')
  assert.is((await failure(wants.fetch(cid, session, { signal: free }))).code, 'CANCELLED')
})

test('a signal that has fired already asks nobody', async () => {
  const { wire, wants } = setUp()
  const [peer, { cid, session }] = [await newPeer(), newBlock()]
  wants.onConnect(peer)
  assert.is((await failure(wants.fetch(cid, session, { signal: AbortSignal.abort() }))).code, 'CANCELLED')
  const cancelled = new AbortController()
  const fetched = wants.fetch(cid, session, { signal: cancelled.signal })
  cancelled.abort()
  assert.is((await failure(fetched)).code, 'CANCELLED')
  assert.equal(wire.sent, [])
})

test('unasked blocks and presences of strangers are ignored', async () => {
  const { wants } = setUp()
  const [stranger, { cid, bytes }] = [await newPeer(), newBlock()]
  wants.onMessage(stranger, gives(cid, bytes))
  wants.onMessage(stranger, says(cid, 'HaveBlock'))
  wants.onDisconnect(stranger)
})

test.run()
