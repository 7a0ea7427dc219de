import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Throttle } from '../../src/store/collect/throttle.ts'
import { freshStore } from './support.ts'

const HOUR_MS = 3_600_000

test('a collection that was stopped for an hour does not rest for an hour', async () => {
  await using store = await freshStore()
  const stop = new AbortController()
  const throttle = new Throttle(store, { signal: stop.signal, share: 0.5, always: true })
  throttle.worked(HOUR_MS)
  await throttle.rest()
  // Whoever rests is woken by the signal; who owes nothing any more has come through before.
  const second = throttle.rest().then(
    () => 'went on',
    () => 'still rests',
  )
  stop.abort()
  assert.is(await second, 'went on')
})

test('work is rested from', async () => {
  await using store = await freshStore()
  const stop = new AbortController()
  const throttle = new Throttle(store, { signal: stop.signal, share: 0.5, always: true })
  throttle.worked(500)
  const rest = throttle.rest().then(
    () => 'went on',
    () => 'still rests',
  )
  stop.abort()
  assert.is(await rest, 'still rests')
})

test.run()
