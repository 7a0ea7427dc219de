// Cases of gateway §3.3: files, folders, caching, symlinks and ranges by path.

import {
  byName,
  type Case,
  type Expected,
  get,
  groupOf,
  head,
  IMMUTABLE,
  moved,
  ok,
  type Row,
  weekly,
} from '../case.ts'
import type { Names } from '../names.ts'

export const pathUnixfs = (n: Names): readonly Case[] => [
  ...groupOf('TestCors', cors()),
  ...groupOf('TestUnixFSDirectoryListing', listing(n)),
  ...groupOf('TestGatewayCache', [...caching(n), ...ifNoneMatch(n)]),
  ...groupOf('TestGatewaySymlink', symlink(n)),
  ...groupOf('TestPathGatewayMiscellaneous', [
    [
      'GET for /ipfs/ file whose filename contains percentage-encoded characters works',
      get(`/ipfs/${n.PCTDIR}/Portugal%252C+Espa%C3%B1a=Peninsula%20Ib%C3%A9rica.txt`),
      { body: { text: 'hello from a percent encoded filename\n' } },
    ],
  ]),
  ...groupOf('TestGatewayUnixFSFileRanges', ranges(n)),
]

function cors(): Row[] {
  const expected: Expected = {
    headers: {
      'access-control-allow-origin': '*',
      'access-control-allow-methods': { has: ['GET', 'HEAD', 'OPTIONS'] },
      'access-control-allow-headers': { has: ['Content-Type', 'Range', 'User-Agent', 'X-Requested-With'] },
      'access-control-expose-headers': {
        has: ['Content-Range', 'Content-Length', 'X-Ipfs-Path', 'X-Ipfs-Roots', 'X-Chunked-Output', 'X-Stream-Output'],
      },
    },
  }
  const target = '/ipfs/bafkqabtimvwgy3yk/'
  return [
    [
      'GET Responses from Gateway should include CORS headers allowing JS from other origins to read the data cross-origin.',
      get(target),
      expected,
    ],
    ['OPTIONS to Gateway succeeds', { method: 'OPTIONS', target }, expected],
  ]
}

const listing = ({ DIRLIST: root, UTF8FILE: file }: Names): Row[] => [
  [
    'path gw: backlink on root CID should be hidden (TODO: cleanup Kubo-specifics)',
    get(`/ipfs/${root}/`),
    { body: { has: ['Index of'], lacks: [`<a href="/ipfs/${root}/">..</a>`] } },
  ],
  [
    'path gw: redirect dir listing to URL with trailing slash',
    get(`/ipfs/${root}/%C4%85/%C4%99`),
    moved(`/ipfs/${root}/%C4%85/%C4%99/`),
  ],
  [
    'path gw: dir listing HTML response (TODO: cleanup Kubo-specifics)',
    get(`/ipfs/${root}/%C4%85/%C4%99/`),
    {
      headers: { etag: { has: ['"DirIndex-'] } },
      body: {
        has: [
          'Index of',
          `/ipfs/<a href="/ipfs/${root}">${root}</a>/<a href="/ipfs/${root}/%C4%85">ą</a>/<a href="/ipfs/${root}/%C4%85/%C4%99">ę</a>`,
          `<a href="/ipfs/${root}/%C4%85/%C4%99/..">..</a>`,
          `<a href="/ipfs/${root}/%C4%85/%C4%99/file-%C5%BA%C5%82.txt">file-źł.txt</a>`,
          `<a class="ipfs-hash" translate="no" href="/ipfs/${file}?filename=file-%25C5%25BA%25C5%2582.txt">`,
        ],
      },
    },
  ],
  [
    'GET for /ipfs/cid/file UnixFS file that does not exist returns 404',
    get(`/ipfs/${root}/i-do-not-exist`),
    { status: 404 },
  ],
]

/** The answer for `path`, whose blocks are `roots`, under either namespace. */
const content = (path: string, roots: readonly string[], etag: string | RegExp): Expected => ({
  status: 200,
  headers: { 'x-ipfs-path': path, 'x-ipfs-roots': roots.join(','), etag },
})

const forEver = (expected: Expected): Expected => ({
  ...expected,
  headers: { ...expected.headers, 'cache-control': IMMUTABLE },
})

const dirIndex = (cid: string): RegExp => new RegExp(`DirIndex-.*_CID-${cid}`)

function caching(n: Names): Row[] {
  const top = `/ipfs/${n.CACHE1}/root2/root3/`
  const dir = `${top}root4/`
  const roots = [n.CACHE1, n.CACHE2, n.CACHE3]
  const cached = { 'cache-control': 'only-if-cached' }
  const absent = '/ipfs/QmYzfKSE55XCjD1MW128RfciAf2DViABhEiXfgVFMabSjN'
  return [
    ['GET for /ipfs/ unixfs dir listing succeeds', get(top), weekly(content(top, roots, dirIndex(n.CACHE3)))],
    [
      'GET for /ipfs/ unixfs dir with index.html succeeds',
      get(dir),
      forEver(content(dir, [...roots, n.CACHE4], `"${n.CACHE4}"`)),
    ],
    [
      'GET for /ipfs/ unixfs file succeeds',
      get(`${dir}index.html`),
      forEver(content(`${dir}index.html`, [...roots, n.CACHE4, n.CACHEF], `"${n.CACHEF}"`)),
    ],
    [
      'GET for /ipfs/ unixfs dir as raw block succeeds',
      get(`${dir}?format=raw`),
      ok({ block: n.CACHE4 }, { 'cache-control': IMMUTABLE }),
    ],
    [
      'HEAD for /ipfs/ with only-if-cached succeeds when in local datastore',
      head(`${dir}?format=raw`, cached),
      { status: 200 },
    ],
    ['HEAD for /ipfs/ with only-if-cached fails when not in local datastore', head(absent, cached), { status: 412 }],
    [
      'GET for /ipfs/ with only-if-cached succeeds when in local datastore',
      get(`${dir}?format=raw`, cached),
      { status: 200 },
    ],
    ['GET for /ipfs/ with only-if-cached fails when not in local datastore', get(absent, cached), { status: 412 }],
  ]
}

function ifNoneMatch(n: Names): Row[] {
  const top = `/ipfs/${n.CACHE1}/root2/root3/`
  const file = `${top}root4/index.html`
  const not = { status: 304, body: { text: '' } }
  const seen = (target: string, etag: string) => get(target, { 'if-none-match': etag })
  return [
    [
      'GET for /ipfs/ file with matching Etag in If-None-Match returns 304 Not Modified',
      seen(file, `"${n.CACHEF}"`),
      not,
    ],
    [
      'GET for /ipfs/ dir with index.html file with matching Etag in If-None-Match returns 304 Not Modified',
      seen(`${top}root4/`, `"${n.CACHE4}"`),
      not,
    ],
    [
      'GET for /ipfs/ file with matching third Etag in If-None-Match returns 304 Not Modified',
      seen(file, `"fakeEtag1", "fakeEtag2", "${n.CACHEF}"`),
      not,
    ],
    [
      'GET for /ipfs/ file with matching weak Etag in If-None-Match returns 304 Not Modified',
      seen(file, `W/"${n.CACHEF}"`),
      not,
    ],
    ['GET for /ipfs/ file with wildcard Etag in If-None-Match returns 304 Not Modified', seen(file, '*'), not],
    [
      'DirIndex etag is based on xxhash(./assets/dir-index-html), so we need to fetch it dynamically',
      get(top),
      { status: 200, headers: { etag: true }, remember: { name: 'dirIndex', bare: true } },
    ],
    [
      'GET for /ipfs/ dir listing with matching strong Etag in If-None-Match returns 304 Not Modified',
      seen(top, '"{dirIndex}"'),
      not,
    ],
    [
      'GET for /ipfs/ dir listing with matching weak Etag in If-None-Match returns 304 Not Modified',
      seen(top, 'W/"{dirIndex}"'),
      not,
    ],
  ]
}

const symlink = ({ SYMDIR: dir }: Names): Row[] => [
  ['Test the directory listing', get(`/ipfs/${dir}/`), { body: { has: ['>foo<', '>bar<'] } }],
  ['Test the directory raw query', get(`/ipfs/${dir}?format=raw`), ok({ block: dir })],
  ['Test the symlink', get(`/ipfs/${dir}/bar`), ok({ text: 'foo' })],
]

function ranges(n: Names): Row[] {
  const file = `/ipfs/${n.FILESDIR}/ascii.txt`
  const part = (content: string, text?: string): Expected => ({
    status: 206,
    headers: { 'content-range': content },
    ...(text !== undefined && { body: { text } }),
  })
  const ask = (target: string, range: string) => get(target, { range: `bytes=${range}` })
  return [
    [
      'GET for /ipfs/ file includes Accept-Ranges header',
      get(file),
      ok({ text: 'hello application/vnd.ipld.car\n' }, { 'accept-ranges': 'bytes' }),
    ],
    [
      'GET for /ipfs/ file with single range request includes correct bytes',
      ask(file, '6-16'),
      part('bytes 6-16/31', 'application'),
    ],
    [
      'GET for /ipfs/ file with suffix range request includes correct bytes from the end of file',
      ask(file, '-3'),
      part('bytes 28-30/31', 'ar\n'),
    ],
    [
      'GET for /ipfs/ file with multiple range request returns correct bytes',
      ask(file, '6-16,0-4'),
      {
        status: 206,
        anyOf: [
          part('bytes 6-16/31', 'application'),
          {
            headers: { 'content-type': { has: ['multipart/byteranges'] } },
            body: { has: ['Content-Range: bytes 6-16/31', 'application', 'Content-Range: bytes 0-4/31', 'hello'] },
          },
        ],
      },
    ],
    [
      'GET Range of file succeeds even if the gateway is missing a block AFTER the requested range',
      ask(`/ipfs/${n.MISSING3K}`, '997-1000'),
      part('bytes 997-1000/3072'),
    ],
    [
      'GET Range of file succeeds even if the gateway is missing a block BEFORE the requested range',
      ask(`/ipfs/${n.MISSING3K}`, '2200-2201'),
      part('bytes 2200-2201/3072'),
    ],
  ]
}

/** gateway §3.4, TestGatewayCacheWithIPNS: the same by name. */
export function cachingByName(n: Names): readonly Case[] {
  const top = `/ipns/${n.CACHEKEY}/root2/root3/`
  const dir = `${top}root4/`
  const roots = [n.CACHE1, n.CACHE2, n.CACHE3]
  return groupOf('TestGatewayCacheWithIPNS', [
    ['GET for /ipns/ unixfs dir listing succeeds', get(top), byName(content(top, roots, dirIndex(n.CACHE3)))],
    [
      'GET for /ipns/ unixfs dir with index.html succeeds',
      get(dir),
      byName(content(dir, [...roots, n.CACHE4], `"${n.CACHE4}"`)),
    ],
    [
      'GET for /ipns/ unixfs file succeeds',
      get(`${dir}index.html`),
      byName(content(`${dir}index.html`, [...roots, n.CACHE4, n.CACHEF], `"${n.CACHEF}"`)),
    ],
    ['GET for /ipns/ unixfs dir as raw block succeeds', get(`${dir}?format=raw`), byName(ok({ block: n.CACHE4 }))],
    [
      'GET for /ipns/ file with matching Etag in If-None-Match returns 304 Not Modified',
      get(`${dir}index.html`, { 'if-none-match': `"${n.CACHEF}"` }),
      { status: 304, body: { text: '' } },
    ],
  ])
}
