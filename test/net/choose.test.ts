import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Answer, nextAsks } from '../../src/net/choose.ts'

interface Given {
  answers?: Record<string, Answer>
  providers?: string[]
  connected?: Record<string, number>
  liars?: string[]
  width?: number
}

function choose({ answers = {}, providers = [], connected = {}, liars = [], width = 64 }: Given): string[] {
  const peers = Object.entries(connected).map(
    ([id, outstanding]) => [id, { outstanding, lied: liars.includes(id) }] as const,
  )
  const asks = nextAsks({
    answers: new Map(Object.entries(answers)),
    providers: new Set(providers),
    connected: new Map(peers),
    width,
  })
  return asks.map(({ peer, kind }) => `${kind} ${peer}`)
}

test('nobody connected: nobody asked', () => {
  assert.equal(choose({}), [])
})

test('one stranger is asked for the block at once', () => {
  assert.equal(choose({ connected: { a: 0 } }), ['block a'])
})

test('several strangers are asked who has it, at most so many', () => {
  assert.equal(choose({ connected: { a: 0, b: 0, c: 0 } }), ['have a', 'have b', 'have c'])
  assert.equal(choose({ connected: { a: 0, b: 0, c: 0 }, width: 2 }), ['have a', 'have b'])
})

test('of the known providers the least busy one alone', () => {
  assert.equal(choose({ connected: { a: 0, b: 5, c: 2 }, providers: ['b', 'c'] }), ['block c'])
})

test('a peer that said it has the block is asked for it', () => {
  assert.equal(choose({ connected: { a: 0, b: 0 }, answers: { a: 'lacks', b: 'has' } }), ['block b'])
})

test('who lacks it, is silent or was asked is not asked again', () => {
  const answers: Record<string, Answer> = { a: 'lacks', b: 'silent', c: 'asked-block', d: 'asked-have' }
  assert.equal(choose({ connected: { a: 0, b: 0, c: 0, d: 0 }, answers, providers: ['a', 'c'] }), [])
})

test('when the providers fail the strangers are next', () => {
  assert.equal(choose({ connected: { a: 0, b: 0, c: 0 }, answers: { a: 'lacks' }, providers: ['a'] }), [
    'have b',
    'have c',
  ])
})

test('a liar is never asked', () => {
  assert.equal(choose({ connected: { a: 0, b: 0 }, liars: ['a'], providers: ['a'] }), ['block b'])
})

test('a provider that is not connected is not asked', () => {
  assert.equal(choose({ connected: { a: 0 }, providers: ['far'] }), ['block a'])
})

test.run()
