// Cases of gateway §3.7 but for what CARs hold: raw blocks, order and duplicates, IPNS records.

import {
  type CarCheck,
  type Case,
  type Expected,
  get,
  groupOf,
  ok,
  oneRange,
  type RangeShape,
  type Row,
  twoRanges,
} from '../case.ts'
import type { Names } from '../names.ts'
import { leavesOf } from './cars.ts'
import { rawFile } from './path-raw-tar.ts'

const RAW = 'application/vnd.ipld.raw'
const CAR = 'application/vnd.ipld.car'

export const trustless = (n: Names): readonly Case[] => [
  ...groupOf('TestTrustlessRaw', [
    ['GET with format=raw param returns a raw block', get(`/ipfs/${n.RAWDIR}?format=raw`), ok({ block: n.RAWDIR })],
    [
      'GET with application/vnd.ipld.raw header returns a raw block',
      get(`/ipfs/${n.RAWDIR}`, { accept: RAW }),
      ok({ block: n.RAWDIR }),
    ],
    ...rawFile(`/ipfs/${n.RAWFILE}`, n.RAWFILE),
  ]),
  ...groupOf('TestTrustlessRawRanges', rawRanges(n)),
  ...groupOf('TestTrustlessCarFormatPrecedence', [
    [
      'GET with format=car query parameter takes precedence over Accept header',
      get(`/ipfs/${n.RAWDIR}?format=car`, { accept: RAW }),
      { status: 200, headers: { 'content-type': { has: [CAR] } } },
    ],
    [
      'GET with format=raw query parameter takes precedence over Accept header',
      get(`/ipfs/${n.RAWDIR}?format=raw`, { accept: CAR }),
      { status: 200, headers: { 'content-type': RAW } },
    ],
  ]),
  ...groupOf('TestTrustlessCarOrderAndDuplicates', duplicates(n)),
  ...groupOf('TestGatewayIPNSRecord', records(n)),
]

function rawRanges({ RAWFILE: cid }: Names): Row[] {
  const shape: RangeShape = {
    ranges: [
      [7, 9, 'ppl'],
      [1, 3, 'ell'],
    ],
    size: 31,
    type: RAW,
    block: cid,
  }
  const name = 'GET with application/vnd.ipld.raw with range request includes correct bytes'
  const ask = (range: string) => get(`/ipfs/${cid}`, { accept: RAW, range })
  return [
    [`${name} - single range`, ask('bytes=7-9'), { anyOf: oneRange(shape) }],
    [`${name} - multi range`, ask('bytes=7-9,1-3'), { anyOf: twoRanges(shape) }],
  ]
}

function duplicates(n: Names): Row[] {
  const path = `/ipfs/${n.FILESDIR}`
  const car = (list: readonly string[], as: CarCheck['as'], ...type: string[]): Expected =>
    ok({ car: { blocks: list, as } }, { 'content-type': { has: [CAR, ...type] } })
  const twice = car([n.FILESDIR, n.ASCII, n.ASCII, n.HELLO, n.MULTI, ...leavesOf(n)], 'order', 'order=dfs', 'dups=y')
  const unique = [n.FILESDIR, n.ASCII, n.HELLO, n.MULTI, ...leavesOf(n)]
  const typed = (...type: string[]): Expected => ({
    status: 200,
    headers: { 'content-type': { has: [CAR, ...type] } },
  })
  return [
    [
      'GET CAR with order=dfs and dups=y of UnixFS Directory With Duplicate Files',
      get(path, { accept: `${CAR}; version=1; order=dfs; dups=y` }),
      twice,
    ],
    [
      'GET CAR with order=dfs and dups=n of UnixFS Directory With Duplicate Files',
      get(path, { accept: `${CAR}; version=1; order=dfs; dups=n` }),
      car(unique, 'order', 'order=dfs', 'dups=n'),
    ],
    [
      'GET CAR smoke-test with order=unk of UnixFS Directory',
      get(path, { accept: `${CAR}; version=1; order=unk` }),
      car(unique, 'some', 'order='),
    ],
    [
      'GET CAR with order=dfs and dups=y of identity CID',
      get('/ipfs/bafkqaf3imvwgy3zaneqgc3janfxgy2lomvscay3jmqfa', { accept: `${CAR}; dups=y` }),
      car([], 'order', 'dups=y'),
    ],
    [
      'GET CAR with ?format=car respects Accept header order and dups params',
      get(`${path}?format=car`, { accept: `${CAR}; version=1; order=dfs; dups=y` }),
      twice,
    ],
    [
      'GET CAR with ?car-order=dfs takes precedence over order=unk in Accept',
      get(`${path}?format=car&car-order=dfs`, { accept: `${CAR}; order=unk` }),
      typed('order=dfs'),
    ],
    [
      'GET CAR with ?car-dups=y takes precedence over dups=n in Accept',
      get(`${path}?format=car&car-dups=y`, { accept: `${CAR}; dups=n` }),
      typed('dups=y'),
    ],
  ]
}

function records(n: Names): Row[] {
  const type = 'application/vnd.ipfs.ipns-record'
  const record = (key: string, value: string): Expected => ({
    headers: {
      'content-disposition': { has: ['attachment;'] },
      'content-type': { has: [type] },
      'cache-control': { has: ['public, max-age=1800'] },
    },
    body: { record: { key, value } },
  })
  const both = record(n.KEY_V1V2, '/ipfs/bafkqaddwgevxmmraojswg33smq')
  const v2 = record(n.KEY_V2, '/ipfs/bafkqadtwgiww63tmpeqhezldn5zgi')
  const say = (which: string, how: string) =>
    `GET IPNS Record (${which}) with ${how} has expected HTTP headers and valid key`
  const byAccept = `'Accept: ${type}'`
  return [
    [say('V1+V2', 'format=ipns-record'), get(`/ipns/${n.KEY_V1V2}?format=ipns-record`), both],
    [say('V2', 'format=ipns-record'), get(`/ipns/${n.KEY_V2}?format=ipns-record`), v2],
    [say('V1+V2', byAccept), get(`/ipns/${n.KEY_V1V2}`, { accept: type }), both],
    [say('V2', byAccept), get(`/ipns/${n.KEY_V2}`, { accept: type }), v2],
    [
      'GET IPNS Record with explicit ?filename= succeeds with modified Content-Disposition header',
      get(`/ipns/${n.KEY_V1V2}?filename=test%D1%82%D0%B5%D1%81%D1%82.ipns-record&format=ipns-record`),
      {
        headers: {
          'content-disposition': {
            has: [
              `attachment; filename="test____.ipns-record"; filename*=UTF-8''test%D1%82%D0%B5%D1%81%D1%82.ipns-record`,
            ],
          },
        },
      },
    ],
  ]
}
