// Cases of gateway §3.5: raw blocks and TAR by path.

import { type Case, type Expected, get, groupOf, ok, type Row } from '../case.ts'
import type { Names } from '../names.ts'

const RAW = 'application/vnd.ipld.raw'

export const pathRawTar = (n: Names): readonly Case[] => [
  ...groupOf('TestGatewayBlock', [
    [
      'GET with format=raw param returns a raw block',
      get(`/ipfs/${n.RAWROOT}/dir?format=raw`),
      ok({ block: n.RAWDIR }),
    ],
    [
      'GET with application/vnd.ipld.raw header returns a raw block',
      get(`/ipfs/${n.RAWROOT}/dir`, { accept: RAW }),
      ok({ block: n.RAWDIR }),
    ],
    [
      'GET with application/vnd.ipld.raw with single range request includes correct bytes',
      get(`/ipfs/${n.RAWROOT}/dir`, { accept: RAW, range: 'bytes=6-16' }),
      {
        status: 206,
        headers: { 'content-type': RAW, 'content-range': 'bytes 6-16/57' },
        // The sha2-256 prefix and nine bytes of the digest that the folder's one link has.
        body: { hex: '1220e778bb8d3e155f6212' },
      },
    ],
    ...rawFile(`/ipfs/${n.RAWROOT}/dir/ascii.txt`, n.RAWROOT),
  ]),
  ...groupOf('TestTar', tar(n)),
]

/** What a raw block's answer says of itself; `root` is among its X-Ipfs-Roots. */
export const rawFile = (path: string, root: string): Row[] => [
  [
    'GET with application/vnd.ipld.raw header returns expected response headers',
    get(path, { accept: RAW }),
    ok(
      { text: 'hello application/vnd.ipld.raw\n' },
      {
        'content-type': RAW,
        'content-length': '31',
        'content-disposition': { has: ['attachment;'] },
        'x-content-type-options': 'nosniff',
      },
    ),
  ],
  [
    'GET with application/vnd.ipld.raw header and filename param returns expected Content-Disposition header with custom filename',
    get(`${path}?filename=foobar.bin`, { accept: RAW }),
    { status: 200, headers: { 'content-disposition': { has: ['attachment;', 'filename="foobar.bin'] } } },
  ],
  [
    'GET with application/vnd.ipld.raw header returns expected caching headers',
    get(path, { accept: RAW }),
    {
      status: 200,
      headers: {
        etag: true,
        'x-ipfs-path': path,
        'x-ipfs-roots': { has: [root] },
        // At least 29030400 seconds, in any order of the directives.
        'cache-control':
          /^(?=.*\bpublic\b)(?=.*\bimmutable\b).*\bmax-age=(?:29030[4-9]\d\d|2903[1-9]\d{3}|290[4-9]\d{4}|29[1-9]\d{5}|[3-9]\d{7}|\d{9,})\b/,
      },
    },
  ],
]

function tar(n: Names): Row[] {
  const file = `/ipfs/${n.UTF8FILE}`
  const headers: Expected['headers'] = {
    'content-disposition': { has: ['attachment;'] },
    etag: { has: [`W/"${n.UTF8FILE}.x-tar`] },
    'content-type': { has: ['application/x-tar'] },
  }
  const text = 'I am a txt file on path with utf8\n'
  return [
    ['GET TAR with format=tar and extract', get(`${file}?format=tar`), ok({ tar: { [n.UTF8FILE]: text } }, headers)],
    [
      "GET TAR with 'Accept: application/x-tar' and extract",
      get(file, { accept: 'application/x-tar' }),
      ok({ tar: { [n.UTF8FILE]: text } }, headers),
    ],
    [
      'GET TAR has expected root directory',
      get(`/ipfs/${n.DIRLIST}?format=tar`),
      ok({ tar: { [`${n.DIRLIST}/ą/ę/file-źł.txt`]: text } }),
    ],
    [
      'GET TAR with explicit ?filename= succeeds with modified Content-Disposition header',
      get(`/ipfs/${n.DIRLIST}?filename=test%D1%82%D0%B5%D1%81%D1%82.tar&format=tar`),
      {
        status: 200,
        headers: {
          'content-disposition': {
            has: [`attachment; filename="test____.tar"; filename*=UTF-8''test%D1%82%D0%B5%D1%81%D1%82.tar`],
          },
        },
      },
    ],
    // The suite means an error status and does not look. Kubo begins with 200 and ends in words that are no TAR; a stream
    // may as well be cut. What may never come is a TAR that can be unpacked.
    [
      'GET TAR with relative paths outside root fails',
      get(`/ipfs/${n.OUTSIDE}?format=tar`),
      { orCut: true, anyOf: [{ status: [400, 599] }, { orCut: true, body: { isBrokenTar: true } }] },
    ],
    [
      'GET TAR with relative paths inside root works',
      get(`/ipfs/${n.INSIDE}?format=tar`),
      ok({ tar: { [`${n.INSIDE}/foobar/file`]: null } }),
    ],
  ]
}
