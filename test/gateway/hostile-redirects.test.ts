// Every `_redirects` file of the hostile corpus, asked for over TCP on a host of its own, each answer as the case says it must be.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ALL_CASES, blocksOf, contentOf, type HostileCase } from '../hostile/corpus.ts'
import { type RawAnswer, startGateway, type TestGateway } from './support.ts'

const CASES = ALL_CASES.filter(({ kind }) => kind === 'redirects')

let gateway: TestGateway

test.before(async () => {
  gateway = await startGateway()
})

test.after(() => gateway.close())

const isServed = ({ status, body }: RawAnswer, wanted: number, words = ''): boolean =>
  status === wanted && body.includes(words)

const location = ({ headers }: RawAnswer): string => headers.get('location') ?? ''

/** What the cases that are sound must give, request by request. */
const SOUND: Record<string, (answers: readonly RawAnswer[]) => boolean> = {
  'redirects/control': ([old, gone, any]) =>
    old !== undefined &&
    gone !== undefined &&
    any !== undefined &&
    isServed(old, 301) &&
    location(old) === '/index.html' &&
    isServed(gone, 410, 'lost') &&
    isServed(any, 200, 'home'),
  'redirects/64kib': ([answer]) => answer?.status === 404,
  'redirects/1000-rules': ([answer]) => answer?.status === 301 && location(answer) === '/b',
  'redirects/loop-self': ([answer]) => answer?.status === 301 && location(answer) === '/a',
  'redirects/unicode': ([answer]) => answer?.status === 301 && location(answer) === '/%C3%BC%E2%98%83',
  'redirects/empty': ([answer]) => answer?.status === 404,
}

/** Where a browser on the site's own page would go: its own host, or one that the rule names in full (none here does). */
function staysHome(answer: RawAnswer): boolean {
  if (answer.status < 300 || answer.status > 399) return answer.status === 500 || answer.status === 404
  return new URL(location(answer), 'http://own.test/x/y').host === 'own.test'
}

const isRefused = ({ status, body }: RawAnswer): boolean => status === 500 && body.includes('_redirects')

function judge(hostile: HostileCase, answers: readonly RawAnswer[]): boolean {
  const { name, outcome } = hostile
  const sound = SOUND[name]
  if (sound !== undefined) return sound(answers)
  if (name.startsWith('redirects/open-')) return answers.every(staysHome)
  if (name === 'redirects/target-missing-200') return answers.every(({ status }) => status === 404 || status === 500)
  // Refused in every case that leaves the choice: docs/limits.md has the numbers.
  const mayRead = ['redirects/crlf', 'redirects/placeholder-unknown', 'redirects/bom'].includes(name)
  if (mayRead) return answers.every(answer => isRefused(answer) || answer.status === 301)
  if (outcome === 'bounded') return answers.every(({ status }) => [301, 404, 500].includes(status))
  return answers.every(isRefused)
}

for (const hostile of CASES) {
  test(`${hostile.name}: ${hostile.requests?.length} requests`, async () => {
    for (const { cid, bytes } of await blocksOf(contentOf(hostile))) gateway.memory.putVerified(cid, bytes)
    const host = `Host: ${hostile.root}.ipfs.localhost`
    const ask = (path: string) => gateway.raw(`GET ${path} HTTP/1.1\n${host}`)
    const answers: RawAnswer[] = []
    for (const path of hostile.requests ?? []) answers.push(await ask(path))
    const shown = answers.map(({ status, headers, body }) => [
      status,
      headers.get('location'),
      body.toString().slice(0, 200),
    ])
    assert.ok(judge(hostile, answers), JSON.stringify(shown))
    for (const answer of answers) {
      assert.not.ok(answer.headers.has('set-cookie') || answer.headers.has('x-evil'))
      assert.ok(location(answer).length <= 8192)
    }
    const home = await ask('/index.html')
    assert.ok(isServed(home, 200, 'home'), 'files that are there are served whatever the rules are')
  })
}

test('the corpus is there', () => {
  assert.is(CASES.length, 65)
  console.log(`\n» hostile _redirects: ${CASES.length} of 65 cases as they must be`)
})

test.run()
