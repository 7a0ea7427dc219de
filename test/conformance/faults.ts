// Faults planted in the gateway, one for each kind of promise that the replica holds it to: each must turn it red.

import type { Fault, Suite } from '../crash/planted/faults.ts'

/** The cases of one function of the suite. */
const group = (name: string): readonly Suite[] => [{ file: 'test/conformance/replica.test.ts', only: `${name}/` }]

export const CONFORMANCE_FAULTS: readonly Fault[] = [
  {
    name: 'header-dropped',
    rule: 'every answer may be read by scripts of other origins (gateway §2.3)',
    patches: [{ file: 'gateway/content/respond.ts', find: "'Access-Control-Allow-Origin': '*',", replace: '' }],
    suites: group('TestCors'),
  },
  {
    name: 'range-off-by-one',
    rule: 'both ends of a range are in it (gateway §2.5)',
    patches: [
      { file: 'gateway/content/ranges.ts', find: 'length: end - offset + 1 }', replace: 'length: end - offset }' },
    ],
    suites: group('TestGatewayUnixFSFileRanges'),
  },
  {
    name: 'wrong-etag',
    rule: 'one CID in two formats has two entity tags (gateway §2.3)',
    patches: [
      {
        file: 'gateway/content/formats/document.ts',
        find: /etag: `"\$\{cid\}\.\$\{format\}"`/,
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it becomes a part of one.
        replace: 'etag: `"${cid}"`',
      },
    ],
    suites: group('TestNativeDag'),
  },
  {
    name: 'weak-is-other',
    rule: 'If-None-Match compares weakly (gateway §2.4)',
    patches: [{ file: 'gateway/content/conditional.ts', find: 'opaque(a) === opaque(b)', replace: 'a === b' }],
    suites: group('TestGatewayCache'),
  },
  {
    name: 'roots-with-spaces',
    rule: 'X-Ipfs-Roots has no spaces (gateway §2.3)',
    patches: [
      { file: 'gateway/content/respond.ts', find: "resolved.roots.join(',')", replace: "resolved.roots.join(', ')" },
    ],
    suites: group('TestGatewayCache'),
  },
  {
    name: 'duplicates-never',
    rule: 'a CAR with dups=y has a block as often as the walk meets it (gateway §2.14)',
    patches: [
      {
        file: 'gateway/content/formats/car.ts',
        find: /\{ \.\.\.wanted, duplicates,/,
        replace: '{ ...wanted, duplicates: false,',
      },
    ],
    suites: group('TestTrustlessCarOrderAndDuplicates'),
  },
  {
    name: 'end-from-the-front',
    rule: 'a negative end of entity-bytes counts from the end (gateway §2.14)',
    patches: [
      { file: 'gateway/content/entity-bytes.ts', find: 'to < 0 ? sizeBytes + to', replace: 'to < 0 ? sizeBytes - 1' },
    ],
    suites: group('TestTrustlessCarEntityBytes'),
  },
  {
    name: 'any-label',
    rule: 'nobody is sent to a host that the DNS cannot name (gateway §2.18)',
    patches: [{ file: 'gateway/content/labels.ts', find: 'const LABEL_MAX = 63', replace: 'const LABEL_MAX = 630' }],
    suites: group('TestGatewaySubdomains'),
  },
  {
    name: 'always-302',
    rule: 'a rule of _redirects says its status (gateway §2.19)',
    patches: [
      {
        file: 'gateway/content/redirects/serve.ts',
        find: 'status: match.status, location',
        replace: 'status: 302, location',
      },
    ],
    suites: group('TestRedirectsFileSupport'),
  },
  {
    name: 'copies-may-differ',
    rule: 'what a record says outside of what is signed says the same inside (gateway §2.16)',
    patches: [
      {
        file: 'src/names/record.ts',
        find: "if (!sameBytes(fields.value, signed.value)) throw differs('value')",
        replace: '',
      },
    ],
    suites: group('TestGatewayIPNSPath'),
  },
]
