// Ranges, formats, CARs and documents: rows 1 to 3, 6, 7, 12 to 16, 32, 34, 36 to 39 and 44 of §6.

import * as assert from 'uvu/assert'
import { readCarCids } from '../../conformance/readers.ts'
import { type Answer, type BetterCase, firstLine, get, missing, status } from './case.ts'

const blocks = ({ status, content }: Answer): string => {
  if (status !== 200) return `${status}`
  const count = readCarCids(content).length
  return `200, ${count} block${count === 1 ? '' : 's'}`
}

const cut = (answer: Answer): string => `${answer.status}, ${answer.isWhole ? 'ends as if it were whole' : 'cut'}`

export const FORMAT_CASES: readonly BetterCase[] = [
  {
    row: 1,
    title: 'several ranges are multipart/byteranges',
    send: ({ alphabet }) => get(`/ipfs/${alphabet}`, 'Range: bytes=0-2,7-9'),
    check: ({ status, header, text }) => {
      assert.is(status, 206)
      assert.match(header('content-type'), /^multipart\/byteranges; boundary=/)
      assert.match(text, /Content-Range: bytes 0-2\/26\r\n\r\nabc\r\n/)
      assert.match(text, /Content-Range: bytes 7-9\/26\r\n\r\nhij\r\n/)
    },
    tell: answer => status(answer, 'content-range', 'content-type').replace(/boundary=.*/, '…'),
  },
  {
    row: 2,
    title: 'a Range that is none is ignored',
    send: ({ alphabet }) => get(`/ipfs/${alphabet}`, 'Range: bytes=abc'),
    check: ({ status, text }) => assert.equal([status, text.length], [200, 26]),
    tell: answer => status(answer),
  },
  {
    row: 3,
    title: 'Accept is read with its weights',
    send: ({ alphabet }) =>
      get(`/ipfs/${alphabet}`, 'Accept: application/vnd.ipld.car;q=0.1, application/vnd.ipld.raw;q=0.9'),
    check: ({ header }) => assert.is(header('content-type'), 'application/vnd.ipld.raw'),
    tell: answer => status(answer, 'content-type'),
  },
  {
    row: 6,
    title: 'entity-bytes alone means the entity, not the whole DAG',
    send: ({ folder }) => get(`/ipfs/${folder}?format=car&entity-bytes=0:0`),
    check: ({ status, content }, { folder }) => {
      assert.is(status, 200)
      assert.equal(readCarCids(content), [folder.toString()])
    },
    tell: blocks,
  },
  {
    row: 7,
    title: 'entity-bytes that end before they begin are refused',
    send: ({ long }) => get(`/ipfs/${long}?format=car&dag-scope=entity&entity-bytes=-1:-500`),
    check: ({ status }) => assert.is(status, 400),
    tell: answer => (answer.status === 200 ? `${blocks(answer)}; ${cut(answer)}` : `${answer.status}`),
  },
  {
    row: 8,
    title: 'a TAR over a hole is cut',
    send: ({ broken }) => get(`/ipfs/${broken}/big?format=tar`),
    check: answer => assert.is(answer.status === 200 && answer.isWhole, false),
    tell: answer => {
      const hasText = answer.content.subarray(-2048).includes('block was not found')
      return `${cut(answer)}${hasText ? ', with the error as content' : ''}`
    },
  },
  {
    row: 12,
    title: 'a preview says how long it may be kept',
    send: ({ dagCbor }) => get(`/ipfs/${dagCbor}/`, 'Accept: text/html'),
    check: ({ header }) => assert.is(header('cache-control'), 'public, max-age=604800, stale-while-revalidate=2678400'),
    tell: answer => status(answer, 'cache-control'),
  },
  {
    row: 13,
    title: 'the tag of a record is quoted',
    send: ({ publisher }) => get(`/ipns/${publisher.name.text}?format=ipns-record`),
    check: ({ status, header }) => {
      assert.is(status, 200)
      assert.match(header('etag'), /^"[^"]+"$/)
    },
    tell: answer =>
      /^"/.test(answer.header('etag'))
        ? `${answer.status}, Etag quoted`
        : `${answer.status}, Etag: ${answer.header('etag') === '' ? 'none' : 'unquoted'}`,
  },
  {
    row: 14,
    title: 'download=true saves, without a name too',
    send: ({ alphabet }) => get(`/ipfs/${alphabet}?download=true`),
    check: ({ header }) => assert.match(header('content-disposition'), /^attachment/),
    tell: answer => status(answer, 'content-disposition').replace(/; .*/, '; …'),
  },
  {
    row: 15,
    title: 'a format that nobody knows is refused, with those that are known',
    send: ({ folder }) => get(`/ipfs/${folder}/?format=nonsense`),
    check: ({ status, text }) => {
      assert.is(status, 400)
      assert.match(text, /raw, car, tar, json, cbor, dag-json, dag-cbor, ipns-record/)
    },
    tell: answer => status(answer, 'content-type'),
  },
  {
    row: 16,
    title: 'JSON of a CBOR block is not acceptable',
    send: ({ cbor }) => get(`/ipfs/${cbor}?format=json`),
    check: ({ status }) => assert.is(status, 406),
    tell: answer => status(answer),
  },
  {
    row: 32,
    title: 'no conversion of codecs, and the answer says what to do',
    send: ({ dagCbor }) => get(`/ipfs/${dagCbor}?format=dag-json`),
    check: ({ status, text }) => {
      assert.is(status, 406)
      assert.match(text, /\?format=raw/)
    },
    tell: answer => `${answer.status}: ${firstLine(answer).replaceAll(/baf[a-z0-9]+/g, '…')}`,
  },
  {
    row: 34,
    title: 'a suffix longer than the file is the whole file',
    send: ({ alphabet }) => get(`/ipfs/${alphabet}`, 'Range: bytes=-99'),
    check: ({ status, header }) => assert.equal([status, header('content-range')], [206, 'bytes 0-25/26']),
    tell: answer => status(answer, 'content-range'),
  },
  {
    row: 34,
    title: 'a suffix of no bytes cannot be satisfied',
    send: ({ alphabet }) => get(`/ipfs/${alphabet}`, 'Range: bytes=-0'),
    check: ({ status, header }) => assert.equal([status, header('content-range')], [416, 'bytes */26']),
    tell: answer => status(answer, 'content-range'),
  },
  {
    row: 34,
    title: 'the unit in capitals is the unit',
    send: ({ alphabet }) => get(`/ipfs/${alphabet}`, 'Range: BYTES=0-2'),
    check: ({ status, text }) => assert.equal([status, text], [206, 'abc']),
    tell: answer => status(answer, 'content-range'),
  },
  {
    row: 34,
    title: 'another unit is ignored',
    send: ({ alphabet }) => get(`/ipfs/${alphabet}`, 'Range: items=0-2'),
    check: ({ status, text }) => assert.equal([status, text.length], [200, 26]),
    tell: answer => status(answer),
  },
  {
    row: 38,
    title: 'the type of a file is not read out of the middle of it',
    send: ({ holed }) => get(`/ipfs/${holed}`, 'Range: bytes=256-300'),
    check: ({ status, header }) => assert.equal([status, header('content-type')], [206, 'application/octet-stream']),
    tell: answer => status(answer, 'content-type'),
  },
  {
    row: 38,
    title: 'a range beside a missing leaf is served',
    send: ({ holed }) => get(`/ipfs/${holed}`, 'Range: bytes=500-511'),
    check: ({ status, content }) => assert.equal([status, content.byteLength], [206, 12]),
    tell: answer => status(answer),
  },
  {
    row: 39,
    title: 'a CAR of a missing root is 404',
    send: () => get(missing('?format=car')),
    check: ({ status }) => assert.is(status, 404),
    tell: blocks,
  },
  {
    row: 39,
    title: 'a CAR over a hole does not end as if it were whole',
    send: ({ broken }) => get(`/ipfs/${broken}?format=car`),
    check: answer => assert.is(answer.status === 200 && answer.isWhole, false),
    tell: cut,
  },
  {
    row: 44,
    title: 'what was negotiated varies by Accept',
    send: ({ alphabet }) => get(`/ipfs/${alphabet}`, 'Accept: APPLICATION/VND.IPLD.RAW;q=0.5'),
    check: ({ header }) => {
      assert.is(header('vary'), 'Accept')
      assert.is(header('content-type'), 'application/vnd.ipld.raw')
      assert.match(header('content-location'), /\?format=raw$/)
    },
    tell: answer => status(answer, 'content-type', 'vary', 'content-location').replace(/\/ipfs\/[a-z0-9]+/, '/ipfs/…'),
  },
  {
    row: 44,
    title: 'weights do not get into Content-Location',
    send: ({ alphabet }) => get(`/ipfs/${alphabet}`, 'Accept: application/vnd.ipld.raw;q=0.5'),
    check: ({ header }) => assert.match(header('content-location'), /\?format=raw$/),
    tell: answer => status(answer, 'content-location').replace(/\/ipfs\/[a-z0-9]+/, '/ipfs/…'),
  },
]
