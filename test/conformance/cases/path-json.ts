// Cases of gateway §3.6: JSON, CBOR, DAG-JSON and DAG-CBOR by path and by name.

import {
  byName,
  type Case,
  type Expected,
  get,
  groupOf,
  head,
  IMMUTABLE,
  ok,
  oneRange,
  type RangeShape,
  type Row,
  twoRanges,
  weekly,
} from '../case.ts'
import type { Names } from '../names.ts'

interface Codec {
  /** `json` or `cbor`. */
  readonly f: string
  readonly label: string
  readonly disposition: 'inline' | 'attachment'
}

const CODECS: readonly Codec[] = [
  { f: 'json', label: 'plain JSON codec', disposition: 'inline' },
  { f: 'cbor', label: 'plain CBOR codec', disposition: 'attachment' },
]

export const pathJson = (n: Names): readonly Case[] => [
  ...groupOf('TestGatewayJsonCbor', fileOfJson(n)),
  ...groupOf('TestCodecMismatchReturns406', mismatches(n)),
  ...groupOf(
    'TestPlainCodec',
    CODECS.flatMap(codec => plain(n, codec)),
  ),
  ...groupOf('TestPathing', [
    ...pathing(n.DAGJSON, 'DAG-JSON', 'dag-json', { json: { hello: 'this is not a link' } }),
    ...pathing(n.DAGCBOR, 'DAG-CBOR', 'dag-cbor', { hex: 'a16568656c6c6f7274686973206973206e6f742061206c696e6b' }),
  ]),
  ...groupOf('TestNativeDag', [
    ...CODECS.flatMap(codec => [...payloads(n, codec), ...heads(n, codec)]),
    [
      'GET DAG-CBOR with Accept: text/html returns HTML preview',
      get(`/ipfs/${n.DAGCBOR}/`, { accept: 'text/html' }),
      { body: { has: ['</html>'] } },
    ],
  ]),
  ...CODECS.flatMap(codec => byKey(n, codec)),
]

function fileOfJson({ TJSON: cid }: Names): Row[] {
  const expected = ok({ block: cid }, { 'content-type': 'application/json' })
  const name = 'GET UnixFS file with JSON bytes is returned with application/json Content-Type'
  return [
    [`${name} - without headers`, get(`/ipfs/${cid}`), expected],
    [`${name} - with headers`, get(`/ipfs/${cid}`, { accept: 'application/json' }), expected],
    [
      'GET raw block with JSON bytes prefers format over Accept header',
      get(`/ipfs/${cid}?format=json`, { accept: 'application/vnd.ipld.raw' }),
      expected,
    ],
  ]
}

function mismatches(n: Names): Row[] {
  const refused: Expected = { status: 406 }
  const byAccept = (cid: string) => get(`/ipfs/${cid}`, { accept: 'application/vnd.ipld.dag-json' })
  const file = 'GET UnixFS (dag-pb) file with'
  return [
    [`${file} format=dag-json returns 406 Not Acceptable`, get(`/ipfs/${n.UTF8FILE}?format=dag-json`), refused],
    [`${file} format=dag-cbor returns 406 Not Acceptable`, get(`/ipfs/${n.UTF8FILE}?format=dag-cbor`), refused],
    [`${file} Accept: application/vnd.ipld.dag-json returns 406 Not Acceptable`, byAccept(n.UTF8FILE), refused],
    [
      'GET DAG-JSON block with format=dag-cbor returns 406 Not Acceptable',
      get(`/ipfs/${n.DAGJSON}?format=dag-cbor`),
      refused,
    ],
    [
      'GET DAG-CBOR block with format=dag-json returns 406 Not Acceptable',
      get(`/ipfs/${n.DAGCBOR}?format=dag-json`),
      refused,
    ],
    [
      'GET DAG-CBOR block with Accept: application/vnd.ipld.dag-json returns 406 Not Acceptable',
      byAccept(n.DAGCBOR),
      refused,
    ],
  ]
}

function plain(n: Names, { f, label, disposition }: Codec): Row[] {
  const cid = f === 'json' ? n.PLAINJSON : n.PLAINCBOR
  const [second, first] = f === 'json' ? ['\n\t"', 't":'] : ['dte', 'pla']
  const shape: RangeShape = {
    ranges: [
      [7, 9, first],
      [1, 3, second],
    ],
    size: f === 'json' ? 26 : 17,
    type: `application/${f}`,
    block: cid,
  }
  const headers = { 'content-disposition': { has: [`${disposition}; filename="${cid}.${f}"`] } }
  const styles: [name: string, target: string, headers: Record<string, string>][] = [
    [`GET ${label} without Accept or format= has expected "${f}" Content-Type and body as-is`, `/ipfs/${cid}`, {}],
    [`GET ${label} with ?format= has expected ${f} Content-Type and body as-is`, `/ipfs/${cid}?format=${f}`, {}],
    [
      `GET ${label} with Accept has expected ${f} Content-Type and body as-is, with single range request`,
      `/ipfs/${cid}`,
      { accept: `application/${f}` },
    ],
  ]
  return styles.flatMap(([name, target, accept]): Row[] => [
    [`${name} - full request`, get(target, accept), ok({ block: cid }, headers)],
    [`${name} - single range`, get(target, { ...accept, range: 'bytes=7-9' }), { headers, anyOf: oneRange(shape) }],
    [`${name} - multi range`, get(target, { ...accept, range: 'bytes=7-9,1-3' }), { headers, anyOf: twoRanges(shape) }],
  ])
}

const pathing = (cid: string, label: string, format: string, body: Expected['body']): Row[] => [
  [
    `GET ${label} traversal returns 501 if there is path remainder`,
    get(`/ipfs/${cid}/foo?format=${format}`),
    { status: 501 },
  ],
  [`GET ${label} traverses multiple links`, get(`/ipfs/${cid}/foo/link/bar?format=${format}`), ok(body ?? {})],
  [`GET ${label} returns 404 on non-existing link`, get(`/ipfs/${cid}/foo/i-do-not-exist`), { status: 404 }],
]

const dagCid = (n: Names, f: string): string => (f === 'json' ? n.DAGJSON : n.DAGCBOR)

function payloads(n: Names, { f, label, disposition }: Codec): Row[] {
  const cid = dagCid(n, f)
  const path = `/ipfs/${cid}`
  const payload = ok({ block: cid })
  const asPlain = ok({ block: cid }, { 'content-type': `application/${f}` })
  const dag = `application/vnd.ipld.dag-${f}`
  const accept = { accept: dag }
  const named = `filename="foobar.${f}"`
  return [
    [`GET ${label} from /ipfs without explicit format returns the same payload as the raw block`, get(path), payload],
    [
      `GET ${label} from /ipfs with format=dag-${f} returns the same payload as the raw block`,
      get(`${path}?format=dag-${f}`),
      payload,
    ],
    [`GET ${label} from /ipfs with ${dag} returns the same payload as the raw block`, get(path, accept), payload],
    [
      `GET ${label} with format=${f} returns same payload as format=dag-${f} but with plain Content-Type`,
      get(`${path}?format=${f}`),
      asPlain,
    ],
    [
      `GET ${label} with Accept: application/${f} returns same payload as ${dag} but with plain Content-Type`,
      get(path, { accept: `application/${f}` }),
      asPlain,
    ],
    [
      `GET response for ${dag} has expected Content-Type`,
      get(path, accept),
      {
        headers: {
          'content-type': dag,
          'content-length': f === 'json' ? '124' : '76',
          'content-disposition': { has: [`${disposition}; filename="${cid}.${f}"`] },
        },
      },
    ],
    [
      `GET for ${dag} with query filename includes Content-Disposition with custom filename`,
      get(`${path}?filename=foobar.${f}`, accept),
      { headers: { 'content-disposition': { has: [`${disposition}; ${named}`] } } },
    ],
    [
      `GET for ${dag} with ?download=true forces Content-Disposition: attachment`,
      get(`${path}?download=true&filename=foobar.${f}`, accept),
      { headers: { 'content-disposition': { has: [`attachment; ${named}`] } } },
    ],
    [
      `Cache control HTTP headers (${f})`,
      get(path, accept),
      {
        headers: {
          etag: { has: [`${cid}.dag-${f}`] },
          'x-ipfs-path': true,
          'x-ipfs-roots': true,
          'cache-control': { has: [IMMUTABLE] },
        },
      },
    ],
  ]
}

/** A raw block that nobody has. */
const NOBODYS = 'bafkreifbvngde7yu3osqoovlv4h6b5ikpnkitbolboj3vxx2fameo3ppoy'

const PREVIEW: Expected = {
  headers: { etag: { has: ['DagIndex-'] }, 'content-type': { has: ['text/html'] }, 'content-disposition': null },
  body: { has: ['</html>'] },
}

function heads(n: Names, { f, label }: Codec): Row[] {
  const cid = dagCid(n, f)
  const described = { 'content-type': { has: [`application/vnd.ipld.dag-${f}`] }, 'content-length': true } as const
  return [
    [
      `HEAD ${label} with no explicit format returns HTTP 200`,
      head(`/ipfs/${cid}`),
      { status: 200, headers: described },
    ],
    [
      `HEAD ${label} with an explicit format returns HTTP 200`,
      head(`/ipfs/${cid}?format=dag-${f}`),
      { status: 200, headers: { ...described, etag: { has: [`${cid}.dag-${f}`] } } },
    ],
    [
      `HEAD ${label} with only-if-cached for missing block returns HTTP 412 Precondition Failed`,
      head(`/ipfs/${NOBODYS}`, { 'cache-control': 'only-if-cached' }),
      { status: 412 },
    ],
    [
      `GET ${label} on /ipfs with Accept: text/html returns HTML (dag-index-html)`,
      get(`/ipfs/${cid}/`, { accept: 'text/html' }),
      weekly({ ...PREVIEW, status: 200 }),
    ],
  ]
}

function byKey(n: Names, { f, label }: Codec): Case[] {
  const cid = dagCid(n, f)
  const key = f === 'json' ? n.JSONKEY : n.CBORKEY
  const group = 'TestGatewayJSONCborAndIPNS'
  const dag = `application/vnd.ipld.dag-${f}`
  const same = (name: string, query: string): Case => ({
    group,
    name,
    asks: [get(`/ipfs/${cid}${query}`), get(`/ipns/${key}${query}`)],
    expected: {},
    isSame: true,
  })
  return [
    same(`GET ${label} from /ipns without explicit format returns the same payload as /ipfs`, ''),
    same(`GET ${label} from /ipns with explicit format returns the same payload as /ipfs`, `?format=dag-${f}`),
    ...groupOf(group, [
      [
        `GET ${label} from /ipns with explicit ${dag} has expected headers`,
        get(`/ipns/${key}`, { accept: dag }),
        { headers: { 'content-type': dag, etag: `"${cid}.dag-${f}"`, 'x-ipfs-path': true, 'x-ipfs-roots': true } },
      ],
      [
        `GET ${label} on /ipns with Accept: text/html returns HTML (dag-index-html)`,
        get(`/ipns/${key}/`, { accept: 'text/html' }),
        byName(PREVIEW),
      ],
    ]),
  ]
}
