import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isCairnError } from '../../src/errors.ts'
import { Gate } from '../../src/net/gate.ts'

const free = new AbortController().signal
const settled = () => new Promise(resolve => setImmediate(resolve))

test('lets so many in and the next one when one leaves, in order', async () => {
  const gate = new Gate({ width: 2, line: 10, what: 'fetches' })
  const entered: number[] = []
  const enter = (n: number) => gate.enter(free).then(() => entered.push(n))
  for (const n of [1, 2, 3, 4]) void enter(n)
  await settled()
  assert.equal(entered, [1, 2])
  gate.leave()
  await settled()
  assert.equal(entered, [1, 2, 3])
  gate.leave()
  gate.leave()
  await settled()
  assert.equal(entered, [1, 2, 3, 4])
})

test('the line has an end', async () => {
  const gate = new Gate({ width: 1, line: 1, what: 'fetches' })
  await gate.enter(free)
  void gate.enter(free)
  const error = await gate.enter(free).catch(error => error)
  assert.ok(isCairnError(error, 'TOO_MANY_REQUESTS'))
})

test('who gives up leaves the line', async () => {
  const gate = new Gate({ width: 1, line: 1, what: 'fetches' })
  await gate.enter(free)
  const gaveUp = new AbortController()
  const waiting = gate.enter(gaveUp.signal).catch(error => error)
  gaveUp.abort(new Error('enough'))
  assert.is((await waiting).message, 'enough')
  const next = gate.enter(free)
  gate.leave()
  await next
})

test('a signal that has fired lets nobody in', async () => {
  const gate = new Gate({ width: 1, line: 1, what: 'fetches' })
  const error = await gate.enter(AbortSignal.abort(new Error('late'))).catch(error => error)
  assert.is(error.message, 'late')
  await gate.enter(free)
})

test.run()
