// Conditions, caching and errors: rows 4, 22 to 25, 27, 28, 33, 35 to 37 and 43 of §6.

import * as assert from 'uvu/assert'
import { type Answer, type BetterCase, firstLine, get, missing, status } from './case.ts'

const caching = (answer: Answer): string => status(answer, 'cache-control')

export const CACHING_CASES: readonly BetterCase[] = [
  {
    row: 4,
    title: 'only-if-cached is found among other directives',
    send: () => get(missing(), 'Cache-Control: max-age=0, Only-If-Cached'),
    check: ({ status }) => assert.is(status, 412),
    tell: answer => status(answer),
  },
  {
    row: 22,
    title: 'a time-out says when to come again',
    isOnline: true,
    send: () => get(missing()),
    check: ({ status, header }) => {
      assert.is(status, 504)
      assert.ok(Number(header('retry-after')) > 0)
    },
    tell: answer => status(answer, 'retry-after'),
  },
  {
    row: 23,
    title: 'a name of which there is no record is no fault of the gateway',
    isOnline: true,
    send: ({ unpublished }) => get(`/ipns/${unpublished}/`),
    check: ({ status }) => assert.ok(status === 502 || status === 504, `${status}`),
    tell: answer => status(answer, 'retry-after'),
  },
  {
    row: 24,
    title: 'no time of change is made up for what a name leads to',
    send: ({ publisher }) => get(`/ipns/${publisher.name.text}/a.txt`),
    check: ({ status, headers }) => {
      assert.is(status, 200)
      assert.is(headers.has('last-modified'), false)
    },
    tell: answer => `${answer.status}, Last-Modified: ${answer.headers.has('last-modified') ? 'now' : 'none'}`,
  },
  {
    row: 25,
    title: 'only-if-cached is answered from what is here',
    send: ({ alphabet }) => get(`/ipfs/${alphabet}`, 'Cache-Control: only-if-cached'),
    check: ({ status, text }) => assert.equal([status, text.length], [200, 26]),
    tell: answer => status(answer),
  },
  {
    row: 27,
    title: 'what was chosen by Accept has a URL of its own, and varies',
    send: ({ folder }) => get(`/ipfs/${folder}/a.txt`, 'Accept: application/vnd.ipld.car; dups=y'),
    check: ({ header }, { folder }) => {
      assert.is(header('content-location'), `/ipfs/${folder}/a.txt?car-dups=y&format=car`)
      assert.is(header('vary'), 'Accept')
    },
    tell: answer => status(answer, 'content-location', 'vary').replace(/\/ipfs\/[a-z0-9]+/, '/ipfs/…'),
  },
  {
    row: 28,
    title: 'errors for programs are application/problem+json',
    send: ({ folder }) => get(`/ipfs/${folder}/none`, 'Accept: application/json'),
    check: ({ status, header, text }) => {
      assert.is(status, 404)
      assert.is(header('content-type'), 'application/problem+json')
      const { code, status: told } = JSON.parse(text) as { code: string; status: number }
      assert.equal([code, told], ['NO_LINK', 404])
    },
    tell: answer => status(answer, 'content-type'),
  },
  ...[
    { what: '406', send: ({ dagCbor }: { dagCbor: unknown }) => get(`/ipfs/${dagCbor}?format=dag-json`) },
    { what: '412', send: () => get(missing(), 'Cache-Control: only-if-cached') },
    {
      what: '416',
      send: ({ alphabet }: { alphabet: unknown }) => get(`/ipfs/${alphabet}`, 'Range: bytes=99-'),
    },
  ].map(
    ({ what, send }): BetterCase => ({
      row: 33,
      title: `a ${what} is not kept for a year`,
      send,
      check: ({ status, header }) => assert.equal([`${status}`, header('cache-control')], [what, 'no-store']),
      tell: caching,
    }),
  ),
  {
    row: 35,
    title: 'If-None-Match: * on what is not there is 404',
    send: () => get(missing(), 'If-None-Match: *'),
    check: ({ status }) => assert.is(status, 404),
    tell: answer => status(answer),
  },
  {
    row: 35,
    title: 'a condition does not turn a redirect into 304',
    send: ({ folder }) => get(`/ipfs/${folder}`, 'If-None-Match: *'),
    check: ({ status }) => assert.is(status, 301),
    tell: answer => status(answer),
  },
  {
    row: 35,
    title: 'the 304 of a listing has the tag of the listing',
    send: ({ folder }) => get(`/ipfs/${folder}/`, 'If-None-Match: *'),
    check: ({ status, header }) => {
      assert.is(status, 304)
      assert.match(header('etag'), /^"DirIndex-/)
    },
    tell: answer =>
      status(answer, 'etag')
        .replace(/DirIndex-.*_CID/, 'DirIndex-…_CID')
        .replace(/baf[a-z0-9]+/, '…'),
  },
  {
    row: 36,
    title: 'two lines of If-None-Match are one list',
    send: ({ alphabet }) => get(`/ipfs/${alphabet}`, 'If-None-Match: "another"', `If-None-Match: "${alphabet}"`),
    check: ({ status }) => assert.is(status, 304),
    tell: answer => status(answer),
  },
  ...['', '?format=car'].map(
    (query): BetterCase => ({
      row: 36,
      title: `If-Match on a ${query === '' ? 'listing' : 'CAR'} of another version is 412`,
      send: ({ folder }) => get(`/ipfs/${folder}/${query}`, 'If-Match: "another"'),
      check: ({ status }) => assert.is(status, 412),
      tell: answer => status(answer),
    }),
  ),
  {
    row: 37,
    title: 'HEAD of a listing has the headers of GET',
    send: ({ folder }) => get(`/ipfs/${folder}/`).replace('GET', 'HEAD'),
    check: ({ status, header }) => {
      assert.is(status, 200)
      assert.match(header('content-type'), /^text\/html/)
      assert.match(header('etag'), /^"DirIndex-/)
      assert.is(header('cache-control'), 'public, max-age=604800, stale-while-revalidate=2678400')
    },
    tell: answer => {
      const absent = ['content-type', 'etag', 'cache-control'].filter(name => !answer.headers.has(name))
      return `${answer.status}${absent.length === 0 ? ', all headers' : `, without ${absent.join(', ')}`}`
    },
  },
  {
    row: 37,
    title: 'HEAD of a preview is 200',
    send: ({ dagCbor }) => get(`/ipfs/${dagCbor}/`, 'Accept: text/html').replace('GET', 'HEAD'),
    check: ({ status, header }) => {
      assert.is(status, 200)
      assert.match(header('etag'), /^"DagIndex-/)
    },
    tell: answer => status(answer),
  },
  {
    row: 43,
    title: 'a missing block on the way is called one',
    send: ({ broken }) => get(`/ipfs/${broken}/gone/x.txt`),
    check: ({ status, text }) => {
      assert.is(status, 404)
      assert.not.match(text, /no link named/)
      assert.match(text, /block baf\w+ is not here/)
    },
    tell: answer => `${answer.status}: ${firstLine(answer).replaceAll(/baf[a-z0-9]+/g, '…')}`,
  },
]
