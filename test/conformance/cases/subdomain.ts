// Cases of gateway §3.8: each root under a host of its own.

import { at, type Case, type Expected, groupOf, moved, ok, type Row } from '../case.ts'
import type { Names } from '../names.ts'

export const subdomain = (n: Names): readonly Case[] => [
  ...groupOf('TestUnixFSDirectoryListingOnSubdomainGateway', listing(n)),
  ...groupOf('TestGatewaySubdomains', [...toSubdomains(n), ...onSubdomains(n), ...edges(n), ...forwarded(n)]),
  ...groupOf('TestGatewaySubdomainAndIPNS', [
    ...keys(n, n.RSAKEY, n.RSAKEY_36, n.RSAKEY_PB),
    ...keys(n, n.EDKEY, n.EDKEY_36, n.EDKEY_PB),
    [
      'request for a ED25519 libp2p-key at example.com/ipns/{b58mh} returns Location HTTP header for DNS-safe subdomain redirect in browsers',
      at(n.GW, `/ipns/${n.EDKEY}`),
      { headers: { location: `${n.SCHEME}://${n.EDKEY_36}.ipns.${n.GW}/` } },
    ],
  ]),
  ...groupOf('TestSubdomainGatewayDNSLinkInlining', [...inlining(n), ...overKeys(n)]),
]

const ipfs = (n: Names, cid: string): string => `${cid}.ipfs.${n.GW}`
const ipns = (n: Names, name: string): string => `${name}.ipns.${n.GW}`

const listing = (n: Names): Row[] => [
  [
    'backlink on root CID should be hidden (TODO: cleanup Kubo-specifics)',
    at(ipfs(n, n.DIRLIST), '/'),
    { body: { has: ['Index of'], lacks: ['<a href="/">..</a>'] } },
  ],
  [
    'redirect dir listing to URL with trailing slash',
    at(ipfs(n, n.DIRLIST), '/%C4%85/%C4%99'),
    moved('/%C4%85/%C4%99/'),
  ],
  [
    'Regular dir listing HTML (TODO: cleanup Kubo-specifics)',
    at(ipfs(n, n.DIRLIST), '/%C4%85/%C4%99/'),
    {
      headers: { etag: { has: ['"DirIndex-'] } },
      body: {
        has: [
          'Index of',
          '<a href="/%C4%85/%C4%99/..">..</a>',
          `/ipfs/<a href="//${n.GW}/ipfs/${n.DIRLIST}">${n.DIRLIST}</a>/<a href="//${n.GW}/ipfs/${n.DIRLIST}/%C4%85">ą</a>/<a href="//${n.GW}/ipfs/${n.DIRLIST}/%C4%85/%C4%99">ę</a>`,
          '<a href="/%C4%85/%C4%99/file-%C5%BA%C5%82.txt">file-źł.txt</a>',
          `<a class="ipfs-hash" translate="no" href="//${n.GW}/ipfs/${n.UTF8FILE}?filename=file-%25C5%25BA%25C5%2582.txt">`,
        ],
      },
    },
  ],
]

const has = (text: string) => ({ has: [text] })

function toSubdomains(n: Names): Row[] {
  const target = (cid: string) => `${n.SCHEME}://${ipfs(n, cid)}/`
  const name = 'Portugal%252C+Espa%C3%B1a=Peninsula%20Ib%C3%A9rica.txt'
  return [
    [
      'request for example.com/ipfs/{cid} redirects to {cid}.ipfs.example.com',
      at(n.GW, `/ipfs/${n.CACHEF}/`),
      moved(has(target(n.CACHEF))),
    ],
    [
      'request for example.com/ipfs/{CIDv1}/{filename with percent encoding} redirects to subdomain',
      at(n.GW, `/ipfs/${n.PCTDIR}/${name}`),
      moved(`${target(n.PCTDIR)}${name}`),
    ],
    [
      'request for example.com/ipfs/{DirCID}/ redirects to subdomain',
      at(n.GW, `/ipfs/${n.TESTDIR}/`),
      moved(has(target(n.TESTDIR))),
    ],
    [
      'request for example.com/ipfs/{CIDv0} redirects to {CIDv1}.ipfs.example.com',
      at(n.GW, `/ipfs/${n.HELLO_V0}/`),
      moved(has(target(n.HELLO_V0TO1))),
    ],
  ]
}

function onSubdomains(n: Names): Row[] {
  const dir = ipfs(n, n.TESTDIR)
  return [
    [
      'request for {CID}.ipfs.example.com should return expected payload',
      at(ipfs(n, n.CACHEF), '/'),
      ok({ has: ['hello\n'] }),
    ],
    [
      'request for {CID}.ipfs.example.com/ipfs/{CID} should return HTTP 404',
      at(ipfs(n, n.CACHEF), `/ipfs/${n.CACHEF}/`),
      { status: 404 },
    ],
    [
      'request for {CID}.ipfs.example.com/ipfs/file.txt should return data from a file in CID content root',
      at(dir, '/ipfs/file.txt'),
      ok({ has: ['I am a txt file'] }),
    ],
    [
      'valid file and subdirectory paths in directory listing at {cid}.ipfs.example.com',
      at(dir, '/'),
      ok({ has: ['<a href="/hello">hello</a>', '<a href="/ipfs">ipfs</a>'] }),
    ],
    [
      'valid parent directory path in directory listing at {cid}.ipfs.example.com/sub/dir',
      at(dir, '/ipfs/ipns/'),
      ok({ has: ['<a href="/ipfs/ipns/..">..</a>', '<a href="/ipfs/ipns/bar">bar</a>'] }),
    ],
    [
      'request for deep path resource at {cid}.ipfs.example.com/sub/dir/file',
      at(dir, '/ipfs/ipns/bar'),
      ok({ has: ['text-file-content'] }),
    ],
    [
      'valid breadcrumb links in the header of directory listing at {cid}.ipfs.example.com/sub/dir (TODO: cleanup Kubo-specifics)',
      at(dir, '/ipfs/ipns/'),
      ok({
        has: [
          'Index of',
          `/ipfs/<a href="//${n.GW}/ipfs/${n.TESTDIR}">${n.TESTDIR}</a>/<a href="//${n.GW}/ipfs/${n.TESTDIR}/ipfs">ipfs</a>/<a href="//${n.GW}/ipfs/${n.TESTDIR}/ipfs/ipns">ipns</a>`,
        ],
      }),
    ],
  ]
}

function edges(n: Names): Row[] {
  const tooLong: Expected = { status: 400, body: has('CID incompatible with DNS label length limit of 63') }
  const article = '/wiki/Diego_Maradona.html'
  const wikipedia = 'QmXoypizjW3WknFiJnKLwHCnL72vedxjQkDDP1mXWo6uco'
  return [
    [
      'request for example.com/ipfs/{InvalidCID} produces useful error before redirect',
      at(n.GW, '/ipfs/QmInvalidCID'),
      { body: has('invalid path "/ipfs/QmInvalidCID"') },
    ],
    ...['https', 'http'].map(
      (scheme): Row => [
        `request for example.com/ipfs/{CID} with X-Forwarded-Proto: ${scheme} produces redirect to ${scheme.toUpperCase()} URL`,
        at(n.GW, `/ipfs/${n.CACHEF}/`, { 'x-forwarded-proto': scheme }),
        moved(`${scheme}://${ipfs(n, n.CACHEF)}/`),
      ],
    ),
    [
      'request for example.com/ipfs/?uri=ipfs%3A%2F%2F.. produces redirect to /ipfs/.. content path',
      at(n.GW, `/ipfs/?uri=${encodeURIComponent(`ipfs://${wikipedia}${article}`)}`),
      moved(`/ipfs/${wikipedia}${article}`),
    ],
    [
      'request for a too long CID at example.com/ipfs/{CIDv1} returns human readable error',
      at(n.GW, `/ipfs/${n.TOOLONG}/`),
      tooLong,
    ],
    [
      'request for a too long CID at {CIDv1}.ipfs.example.com returns expected payload',
      at(ipfs(n, n.TOOLONG), '/'),
      tooLong,
    ],
  ]
}

function forwarded(n: Names): Row[] {
  const [host, target] = ['fake.domain.com', `/ipfs/${n.CACHEF}`]
  const to = (scheme: string) => moved(`${scheme}://${ipfs(n, n.CACHEF)}/`)
  const name = 'request for fake.domain.com/ipfs/{CID} with X-Forwarded-Host: example.com'
  return [
    ["request for fake.domain.com/ipfs/{CID} doesn't match the example.com gateway", at(host, target), { status: 200 }],
    [`${name} match the example.com gateway`, at(host, target, { 'x-forwarded-host': n.GW }), to(n.SCHEME)],
    ...['https', 'http'].map(
      (scheme): Row => [
        `${name} and X-Forwarded-Proto: ${scheme} match the example.com gateway, redirect with ${scheme}`,
        at(host, target, { 'x-forwarded-host': n.GW, 'x-forwarded-proto': scheme }),
        to(scheme),
      ],
    ),
  ]
}

function keys(n: Names, base58: string, base36: string, dagPb: string): Row[] {
  const home = moved(`${n.SCHEME}://${ipns(n, base36)}/`)
  return [
    [
      'request for /ipns/{CIDv0} redirects to CIDv1 with libp2p-key multicodec in subdomain',
      at(n.GW, `/ipns/${base58}`),
      home,
    ],
    ['request for /ipns/{CIDv1} redirects to same CIDv1 on subdomain', at(n.GW, `/ipns/${base36}`), home],
    [
      'request for {CIDv1-base36-libp2p-key}.ipns.{gateway} returns expected payload',
      at(ipns(n, base36), '/'),
      ok({ text: 'hello\n' }),
    ],
    [
      'request for {CIDv1-dag-pb}.ipns.{gateway} redirects to CID with libp2p-key multicodec',
      at(ipns(n, dagPb), '/'),
      home,
    ],
  ]
}

const HELLO: Expected = { body: { text: 'hello\n' } }

function inlining(n: Names): Row[] {
  const wikipedia = 'en.wikipedia-on-ipfs.example.org'
  const inlined = 'en-wikipedia--on--ipfs-example-org'
  return [
    [
      'request for /ipns/{dnslink}/foo/ redirects to {inlined-dnslink}.ipns.example.com',
      at(n.GW, `/ipns/${wikipedia}/wiki/`),
      { headers: { location: `${n.SCHEME}://${ipns(n, inlined)}/wiki/` } },
    ],
    [
      'request for {dnslink}.ipns.{gateway} returns expected payload',
      at(ipns(n, 'dnslink-test.example.org'), '/'),
      HELLO,
    ],
    [
      'request for {inlineddnslink}.ipns.{gateway} returns expected payload',
      at(ipns(n, 'dnslink--test-example-org'), '/'),
      HELLO,
    ],
    [
      'request for example.com/ipns/{fqdn} with X-Forwarded-Proto redirects to TLS-safe label in subdomain',
      at(n.GW, `/ipns/${wikipedia}/wiki/`, { 'x-forwarded-proto': 'https' }),
      { headers: { location: `https://${ipns(n, inlined)}/wiki/` } },
    ],
    [
      'request for example.com/ipns/?uri=ipns%3A%2F%2F.. produces redirect to /ipns/.. content path',
      at(n.GW, `/ipns/?uri=${encodeURIComponent(`ipns://${wikipedia}`)}`),
      { headers: { location: `/ipns/${wikipedia}` } },
    ],
  ]
}

const overKeys = (n: Names): Row[] =>
  [
    ['peer-id', 'dnslink-over-ipns.example.org', 'dnslink--over--ipns-example-org'],
    ['cidv1-libp2p-key', 'dnslink-over-ipns-cidv1.example.org', 'dnslink--over--ipns--cidv1-example-org'],
  ].flatMap(([kind, plain = '', inlined = '']): Row[] => [
    [
      `request for {dnslink}.ipns.{gateway} with dnslink=/ipns/{${kind}} returns expected payload`,
      at(ipns(n, plain), '/'),
      { ...HELLO, status: 200 },
    ],
    [
      `request for {inlined-dnslink}.ipns.{gateway} with dnslink=/ipns/{${kind}} returns expected payload`,
      at(ipns(n, inlined), '/'),
      { ...HELLO, status: 200 },
    ],
  ])
