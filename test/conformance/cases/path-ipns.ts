// Cases of gateway §3.4: IPNS keys by path.

import { type Case, type Expected, get, groupOf, moved, ok, type Row } from '../case.ts'
import type { Names } from '../names.ts'
import { cachingByName } from './path-unixfs.ts'

export const pathIpns = (n: Names): readonly Case[] => [
  ...cachingByName(n),
  ...groupOf('TestGatewayIPNSPath', records(n)),
  ...groupOf('TestRedirectCanonicalIPNS', [
    [
      'GET for /ipns/{b58-multihash-of-ed25519-key} redirects to /ipns/{cidv1-libp2p-key-base36}',
      get('/ipns/12D3KooWRBy97UB99e3J6hiPesre1MZeuNQvfan4gBziswrRJsNK/root2/'),
      moved('/ipns/k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8/root2/', 302),
    ],
    [
      'GET for /ipns/{cidv0-like-b58-multihash-of-rsa-key} redirects to /ipns/{cidv1-libp2p-key-base36}',
      get('/ipns/QmcJM7PRfkSbcM5cf1QugM5R37TLRKyJGgBEhXjLTB8uA2/root2/'),
      moved('/ipns/k2k4r8ol4m8kkcqz509c1rcjwunebj02gcnm5excpx842u736nja8ger/root2/', 302),
    ],
  ]),
  ...groupOf('TestGatewayIPNSRecordWithSubpath', [
    [
      'GET /ipns/{key}/root3/root4/index.html returns file when IPNS record Value has sub-path',
      get(`/ipns/${n.SUBPATHKEY}/root3/root4/index.html`),
      ok({ text: 'hello\n' }),
    ],
  ]),
]

/** The suite means the 5xx and does not look; the replica looks. */
const REFUSED: Expected = { status: [500, 599] }

const records = (n: Names): Row[] => [
  ['GET for /ipns/name with V1-only signature MUST fail with 5XX', get(`/ipns/${n.KEY_V1}`), REFUSED],
  [
    'GET for /ipns/name with valid V1+V2 signatures with V1-vs-V2 value mismatch MUST fail with 5XX',
    get(`/ipns/${n.KEY_BAD_VALUE}`),
    REFUSED,
  ],
  [
    'GET for /ipns/name with valid V2 and broken V1 signature succeeds',
    get(`/ipns/${n.KEY_BAD_V1}`),
    ok({ text: 'v1+v2 with broken signature v1' }),
  ],
  ['GET for /ipns/name with valid V1+V2 signatures succeeds', get(`/ipns/${n.KEY_V1V2}`), ok({ text: 'v1+v2 record' })],
  [
    'GET for /ipns/name with valid V2-only signature succeeds',
    get(`/ipns/${n.KEY_V2}`),
    ok({ text: 'v2-only record' }),
  ],
  [
    'GET for /ipns/name with valid V1 and broken V2 signature MUST fail with 5XX',
    get(`/ipns/${n.KEY_BAD_V2}`),
    REFUSED,
  ],
]
