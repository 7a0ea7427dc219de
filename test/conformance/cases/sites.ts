// Cases of gateway §3.9: DNSLink hosts, `_redirects`, and the gateway as a proxy.

import { CID } from 'multiformats/cid'
import { type Ask, at, type Case, type Expected, groupOf, IMMUTABLE, moved, ok, type Row } from '../case.ts'
import type { Names } from '../names.ts'

export const sites = (n: Names): readonly Case[] => [
  ...groupOf('TestDNSLinkGatewayUnixFSDirectoryListing', listing(n)),
  ...groupOf('TestDNSLinkGatewayWithSubpath', [
    [
      'GET for DNSLink with dnslink=/ipfs/<cid>/sub-path returns file at sub-path',
      at('dnslink-subpath.example.org', '/root3/root4/index.html'),
      ok({ text: 'hello\n' }),
    ],
  ]),
  ...groupOf('TestDNSLinkGatewayIPNS', [
    [
      'GET for DNSLink with dnslink=/ipns/{peer-id} returns expected payload',
      at('dnslink-over-ipns.example.org', '/'),
      ok({ text: 'hello\n' }),
    ],
    [
      'GET for DNSLink with dnslink=/ipns/{cidv1-libp2p-key} returns expected payload',
      at('dnslink-over-ipns-cidv1.example.org', '/'),
      ok({ text: 'hello\n' }),
    ],
  ]),
  ...groupOf('TestRedirectsFileSupport', [...rules(n), ...files(n)]),
  ...groupOf('TestRedirectsFileSupportWithDNSLink', [
    [
      'request for //{dnslink} redirects with default of 301, per _redirects file',
      at('dnslink-redirects-examples.example.org', '/redirect-one'),
      moved('/one.html'),
    ],
    [
      'request for //{dnslink}/en/has-no-redirects-entry returns custom 404, per _redirects file',
      at('dnslink-redirects-examples.example.org', '/not-found/has-no-redirects-entry'),
      {
        status: 404,
        headers: { etag: `"${n.PAGE_404}"`, 'cache-control': { lacks: 'immutable' }, date: true },
        body: { has: ['my 404'] },
      },
    ],
  ]),
  ...groupOf('TestRedirectsFileWithIfNoneMatchHeader', [
    ...spa('SubdomainIPFS', '{cid}.ipfs.{subdomain-gateway}', `${n.SPA}.ipfs.${n.GW}`),
    ...spa(
      'SubdomainIPNS',
      '{dnslink}.ipns.{subdomain-gateway}',
      `dnslink--enabled--with--spa-example-org.ipns.${n.GW}`,
    ),
    ...spa('DNSLinkGateway', '{dnslink}', 'dnslink-enabled-with-spa.example.org'),
  ]),
  ...groupOf('TestProxyGatewaySubdomains', proxied(n, 'proxy')),
  ...groupOf('TestProxyTunnelGatewaySubdomains', proxied(n, 'tunnel')),
]

function listing(n: Names): Row[] {
  const host = 'dnslink-dir-listing.example.org'
  return [
    [
      'Backlink on root CID should be hidden (TODO: cleanup Kubo-specifics)',
      at(host, '/'),
      { body: { has: ['Index of'], lacks: ['<a href="/">..</a>'] } },
    ],
    ['Redirect dir listing to URL with trailing slash', at(host, '/%C4%85/%C4%99'), moved('/%C4%85/%C4%99/')],
    [
      'Regular dir listing (TODO: cleanup Kubo-specifics)',
      at(host, '/%C4%85/%C4%99/'),
      {
        headers: { etag: { has: ['"DirIndex-'] } },
        body: {
          has: [
            'Index of',
            '<a href="/%C4%85/%C4%99/..">..</a>',
            `/ipns/<a href="//${host}/">${host}</a>/<a href="//${host}/%C4%85">ą</a>/<a href="//${host}/%C4%85/%C4%99">ę</a>`,
            '<a href="/%C4%85/%C4%99/file-%C5%BA%C5%82.txt">file-źł.txt</a>',
            `<a class="ipfs-hash" translate="no" href="https://cid.ipfs.tech/#${n.UTF8FILE}" target="_blank" rel="noreferrer noopener">`,
          ],
        },
      },
    ],
  ]
}

function rules(n: Names): Row[] {
  const ask = (path: string) => at(`${n.EXAMPLES}.ipfs.${n.GW}`, path)
  const page = (status: number, cid: string, text: string): Expected => ({
    status,
    headers: { 'cache-control': IMMUTABLE, etag: `"${cid}"` },
    body: { has: [text] },
  })
  const say = (path: string, what: string) => `request for {cid}.ipfs.example.com/${path} ${what}, per _redirects file`
  return [
    [say('redirect-one', 'redirects with default of 301'), ask('/redirect-one'), moved('/one.html')],
    [say('301-redirect-one', 'redirects with 301'), ask('/301-redirect-one'), moved('/one.html')],
    [say('302-redirect-two', 'redirects with 302'), ask('/302-redirect-two'), moved('/two.html', 302)],
    [say('200-index', 'returns 200'), ask('/200-index'), ok({ has: ['my index'] })],
    [
      say('posts/:year/:month/:day/:title', 'redirects with 301 and placeholders'),
      ask('/posts/2022/01/01/hello-world'),
      moved('/articles/2022/01/01/hello-world'),
    ],
    [
      say('splat/one.html', 'redirects with 301 and splat placeholder'),
      ask('/splat/one.html'),
      moved('/redirected-splat/one.html'),
    ],
    [
      say('not-found/has-no-redirects-entry', 'returns custom 404'),
      ask('/not-found/has-no-redirects-entry'),
      page(404, n.PAGE_404, 'my 404\n'),
    ],
    [
      say('gone/has-no-redirects-entry', 'returns custom 410'),
      ask('/gone/has-no-redirects-entry'),
      page(410, n.PAGE_410, 'my 410\n'),
    ],
    [
      say('unavail/has-no-redirects-entry', 'returns custom 451'),
      ask('/unavail/has-no-redirects-entry'),
      page(451, n.PAGE_451, 'my 451\n'),
    ],
    [say('catch-all', 'returns 200'), ask('/catch-all'), ok({ has: ['my index'] })],
  ]
}

function files(n: Names): Row[] {
  const ask = (cid: string, path: string) => at(`${v1Label(cid)}.ipfs.${n.GW}`, path)
  return [
    [
      'invalid file: request for $INVALID_REDIRECTS_DIR_HOSTNAME/not-found returns error about invalid redirects file',
      ask(n.FORCED, '/not-found'),
      { status: 500, body: { has: ['could not parse _redirects:'] } },
    ],
    [
      'invalid file: request for $TOO_LARGE_REDIRECTS_DIR_HOSTNAME/not-found returns error about too large redirects file',
      ask(n.TOO_LARGE, '/not-found'),
      { status: 500, body: { has: ['could not parse _redirects:', 'redirects file size cannot exceed'] } },
    ],
    [
      'newline: request for $NEWLINE_REDIRECTS_DIR_HOSTNAME/redirect-one redirects with default of 301, per _redirects file',
      ask(n.NEWLINES, '/redirect-one'),
      moved('/one.html'),
    ],
    [
      'good codes: request for $GOOD_REDIRECTS_DIR_HOSTNAME/redirect-one redirects with default of 301, per _redirects file',
      ask(n.GOOD_CODES, '/a301'),
      moved('/b301'),
    ],
    [
      "bad codes: request for $BAD_REDIRECTS_DIR_HOSTNAME/found.html doesn't return error about bad code",
      ask(n.BAD_CODES, '/found.html'),
      ok({ has: ['my found'], lacks: ['unsupported redirect status'] }),
    ],
  ]
}

/** A CIDv0 as a host label. */
const v1Label = (cid: string): string => CID.parse(cid).toV1().toString()

function spa(kind: string, how: string, host: string): Row[] {
  const ask = (headers: Record<string, string> = {}) => at(host, '/missing-page', { accept: 'text/html', ...headers })
  return [
    [
      `${kind}: request for //${how}/missing-page returns body of index.html as per _redirects`,
      ask(),
      { ...ok({ text: 'hello world\n' }, { etag: true }), remember: { name: kind, bare: false } },
    ],
    [
      `${kind}: request for //${how}/missing-page with If-None-Match returns 304`,
      ask({ 'if-none-match': `{${kind}}` }),
      { status: 304, body: { text: '' } },
    ],
  ]
}

function proxied(n: Names, via: NonNullable<Ask['via']>): Row[] {
  const ask = (host: string, path: string): Ask => ({ target: path, host, via })
  return [
    [
      'request for {CID}.ipfs.example.com should return expected payload',
      ask(`${n.CACHEF}.ipfs.${n.GW}`, '/'),
      ok({ has: ['hello\n'] }),
    ],
    [
      'request for example.com/ipfs/{CIDv0} redirects to {CIDv1}.ipfs.example.com',
      ask(n.GW, `/ipfs/${n.HELLO_V0}/`),
      moved({ has: [`${n.SCHEME}://${n.HELLO_V0TO1}.ipfs.${n.GW}/`] }),
    ],
    [
      'request for {CID}.ipfs.example.com/ipfs/file.txt should return data from a file in CID content root',
      ask(`${n.TESTDIR}.ipfs.${n.GW}`, '/ipfs/file.txt'),
      ok({ has: ['I am a txt file'] }),
    ],
  ]
}
