// Cases of gateway §3.7: which blocks a CAR holds, and in which order.

import { type CarCheck, type Case, type Expected, get, groupOf, ok, type Row } from '../case.ts'
import type { Names } from '../names.ts'

const CAR = 'application/vnd.ipld.car'

export const cars = (n: Names): readonly Case[] => [
  ...groupOf('TestTrustlessCarPathing', pathing(n)),
  ...groupOf('TestTrustlessCarDagScopeBlock', scopeBlock(n)),
  ...groupOf('TestTrustlessCarDagScopeEntity', scopeEntity(n)),
  ...groupOf('TestTrustlessCarDagScopeAll', scopeAll(n)),
  ...groupOf('TestTrustlessCarEntityBytes', entityBytes(n)),
]

/** What every CAR's answer has (spec: gateway §2.14). */
const CAR_HEADERS: Expected['headers'] = {
  'x-content-type-options': 'nosniff',
  'accept-ranges': 'none',
  'content-type': { has: [CAR] },
  'content-disposition': /attachment; filename=".*\.car"/,
  etag: true,
}

/** By `format` and by Accept, as every CAR is asked for. */
function bothWays(name: string, target: string, expected: Expected): Row[] {
  const [path = '', query = ''] = target.split('?', 2)
  const parameters = ['format=car', ...(query === '' ? [] : [query])]
  return [
    [`${name} (format=car)`, get(`${path}?${parameters.join('&')}`), expected],
    [`${name} (Accept Header)`, get(target, { accept: CAR }), expected],
  ]
}

const blocks = (list: readonly string[], as: CarCheck['as'] = 'order'): Expected =>
  ok({ car: { blocks: list, as } }, CAR_HEADERS)
export const leavesOf = (n: Names): string[] => [n.L0, n.L1, n.L2, n.L3, n.L4]
const multi = (n: Names): string[] => [n.MULTI, ...leavesOf(n)]

/** All shards of the HAMT, depth first. */
const shards = (n: Names): Expected =>
  ok(
    {
      car: {
        as: 'order',
        digest: { count: 237, sha256: n.HAMT_SHARDS },
      },
    },
    CAR_HEADERS,
  )

const pathing = (n: Names): Row[] => [
  ...bothWays(
    'GET default CAR response with pathing through UnixFS Directory',
    `/ipfs/${n.TWOFILES}/subdir/ascii.txt`,
    blocks([n.TWOFILES, n.TWOFILES_SUBDIR, n.ASCII]),
  ),
  ...bothWays(
    'GET default CAR response of UnixFS file on a path with HAMT-sharded directory',
    `/ipfs/${n.HAMT}/685.txt`,
    blocks([n.HAMT, n.HAMT_FD, ...multi(n)]),
  ),
  ...bothWays(
    'GET default CAR response of UnixFS file on a path with DAG-CBOR as root CID',
    `/ipfs/${n.CBORDOC}/files/single`,
    blocks([n.CBORDOC, n.HELLO]),
  ),
  ...bothWays('GET default CAR response for non-existing file', `/ipfs/${n.TWOFILES}/subdir/i-do-not-exist`, {
    anyOf: [
      { status: 404 },
      blocks([n.TWOFILES, n.TWOFILES_SUBDIR]),
      { status: 200, headers: { ...CAR_HEADERS, 'x-stream-error': true } },
    ],
  }),
]

const scopeBlock = (n: Names): Row[] => [
  ...bothWays(
    'GET CAR with dag-scope=block of UnixFS directory on a path',
    `/ipfs/${n.TWOFILES}/subdir?dag-scope=block`,
    blocks([n.TWOFILES, n.TWOFILES_SUBDIR]),
  ),
  ...bothWays(
    'GET CAR with dag-scope=block of UnixFS file on a path',
    `/ipfs/${n.TWOFILES}/subdir/ascii.txt?dag-scope=block`,
    blocks([n.TWOFILES, n.TWOFILES_SUBDIR, n.ASCII]),
  ),
  ...bothWays(
    'GET CAR with dag-scope=block of UnixFS file on a path with sharded directory',
    `/ipfs/${n.HAMT}/1.txt?dag-scope=block`,
    blocks([n.HAMT, n.HAMT_07, n.MULTI]),
  ),
]

function scopeEntity(n: Names): Row[] {
  const name = 'GET CAR with dag-scope=entity of'
  return [
    ...bothWays(`${name} a UnixFS directory`, `/ipfs/${n.TWOFILES}?dag-scope=entity`, blocks([n.TWOFILES])),
    ...bothWays(`${name} a UnixFS sharded directory`, `/ipfs/${n.HAMT}?dag-scope=entity`, shards(n)),
    ...bothWays(
      `${name} a UnixFS file`,
      `/ipfs/${n.MIXED}/subdir/ascii.txt?dag-scope=entity`,
      blocks([n.MIXED, n.MIXED_SUBDIR, n.ASCII]),
    ),
    ...bothWays(
      `${name} a chunked UnixFS file`,
      `/ipfs/${n.MIXED}/subdir/multiblock.txt?dag-scope=entity`,
      blocks([n.MIXED, n.MIXED_SUBDIR, ...multi(n)]),
    ),
    ...bothWays(
      `${name} DAG-CBOR with Links`,
      `/ipfs/${n.CBORDIR}/document?dag-scope=entity`,
      blocks([n.CBORDIR, n.CBORDOC]),
    ),
  ]
}

const scopeAll = (n: Names): Row[] => [
  ...bothWays(
    'GET CAR with dag-scope=all of UnixFS directory with multiple files',
    `/ipfs/${n.MIXED}/subdir?dag-scope=all`,
    blocks([n.MIXED, n.MIXED_SUBDIR, n.ASCII, n.HELLO, ...multi(n)]),
  ),
  ...bothWays(
    'GET CAR with dag-scope=all of a chunked UnixFS file',
    `/ipfs/${n.MIXED}/subdir/multiblock.txt?dag-scope=all`,
    blocks([n.MIXED, n.MIXED_SUBDIR, ...multi(n)]),
  ),
]

function entityBytes(n: Names): Row[] {
  const name = 'GET CAR with entity-bytes'
  const range = (path: string, bytes: string) => `/ipfs/${path}?dag-scope=entity&entity-bytes=${bytes}`
  const ofMulti = (title: string, bytes: string, list: readonly string[]) =>
    bothWays(`${name} ${title}`, range(n.MULTI, bytes), blocks([n.MULTI, ...list]))
  return [
    ...bothWays(
      `${name} succeeds even if the gateway is missing a block after the requested range`,
      range(n.MISSING3K, '0:1000'),
      blocks([n.MISSING3K, n.MISSING3K_0], 'set'),
    ),
    ...bothWays(
      `${name} succeeds even if the gateway is missing a block before the requested range`,
      range(n.MISSING3K, '2200:*'),
      blocks([n.MISSING3K, n.MISSING3K_2], 'set'),
    ),
    ...bothWays(
      `${name} of a full UnixFS file`,
      range(`${n.MIXED}/subdir/multiblock.txt`, '0:*'),
      blocks([n.MIXED, n.MIXED_SUBDIR, ...multi(n)]),
    ),
    ...bothWays(`${name} of a UnixFS directory`, range(n.HAMT, '0:*'), shards(n)),
    ...ofMulti('equivalent to a HTTP Range Request from the middle of a file to the end', '512:*', [n.L2, n.L3, n.L4]),
    ...ofMulti('equivalent to a HTTP Range Request for the middle of a file', '512:1023', [n.L2, n.L3]),
    ...ofMulti('equivalent to a HTTP Range Request for the middle of a file (negative ending)', '512:-256', [
      n.L2,
      n.L3,
    ]),
    ...ofMulti('equivalent to HTTP Suffix Range Request for part of a file', '-5:*', [n.L3, n.L4]),
    ...ofMulti('requesting a negative range bigger than the length of a file', '-9999:*', leavesOf(n)),
    ...ofMulti(
      'requesting a range from the end of a file that is bigger than a file itself',
      '-9999:-3',
      leavesOf(n).slice(0, 4),
    ),
    ...ofMulti('requesting only the blocks for the first byte of a file', '0:0', [n.L0]),
  ]
}
