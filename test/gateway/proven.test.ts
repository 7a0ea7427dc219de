// The tables of §5 (54 duties) and §6 (44 ways to be better) are complete: each row has a test of its number, or names the tests that prove it.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createDnslink } from '../../src/names/dnslink.ts'
import { createRecords } from '../../src/names/records.ts'
import { createNames } from '../../src/names/resolver.ts'
import { BETTER_CASES } from './better/ours.ts'
import { NOWHERE } from './better/world.ts'
import { withGateway } from './support.ts'

const ROWS = { '§5': 54, '§6': 44 } as const
type Table = keyof typeof ROWS

interface Proven {
  readonly row: `${Table}.${number}`
  readonly duty: string
  /** A file below test/, and titles of tests in it; … for what is put in. */
  readonly by: Readonly<Record<string, readonly string[]>>
}

const ELSEWHERE: readonly Proven[] = [
  {
    row: '§5.18',
    duty: '429, 502, 503 and 504 have Retry-After on the wire',
    by: {
      'gateway/network.test.ts': ['what the network does not bring in time is 504, with what was tried'],
      'gateway/routing-peers.test.ts': [
        'so many at once; the next is told when to come again, and a client that leaves ends its search',
      ],
    },
  },
  {
    row: '§5.20',
    duty: 'names in a TAR that lead out are an error',
    by: {
      'gateway/tar-names.test.ts': [
        'a name that leads out, or to the folder itself, refuses the archive before its first byte',
      ],
    },
  },
  {
    row: '§5.22',
    duty: 'IPNS records: every rule of V2, 10 KiB, an end, the order of records',
    by: {
      'names/records.test.ts': [
        'a record signed by a key of type … is valid for its name and for no other',
        'a key that is not in its name has to come with the record',
        'every prefix and every flipped byte of a record is refused',
        'the newest record wins: by sequence, then by the later end',
        'a record is neither taken nor given when its time is over, and may then be replaced by any other',
      ],
      'names/hostile.test.ts': ['… IPNS records, hostile and sound, as the corpus wants them'],
    },
  },
  {
    row: '§5.25',
    duty: 'DNSLink: `_dnslink.` alone, other records passed over, chunks joined',
    by: { 'names/dnslink.test.ts': ['TXT records: exactly one may lead to content'] },
  },
  {
    row: '§5.36',
    duty: 'denylists: every kind of rule, before anything is fetched, on what a path leads to',
    by: {
      'policy/parser.test.ts': [
        'every kind of rule blocks what it names, in all its spellings, and nothing else',
        'hints: the status, the reason, who blocks; of the rule before those of its list',
      ],
      'policy/doors.test.ts': [
        'content: blocked as path, block, CAR, TAR and listing, from any root; free again when the list goes (by a …)',
        'a rule for a path holds from every root above it, and leaves the content alone where it has another path (by a …)',
        'names are refused before they are looked up, and where they lead through each other (by a …)',
      ],
      'policy/two-nodes.test.ts': ['a denied block is not asked for, whoever has it'],
    },
  },
  {
    row: '§5.42',
    duty: 'larger blocks are refused when they are fetched',
    by: { 'net/wire-block.test.ts': ['a block above the limit is refused before it is hashed'] },
  },
  {
    row: '§5.47',
    duty: 'delegated routing: filters, empty results, records, limits',
    by: {
      'gateway/routing.test.ts': [
        'who has it: this node for what it holds, nobody for what it does not, for a client of the registry',
        'nothing found is 200 with an empty list, to be asked again soon',
        'a record goes in and comes out as it was signed; what is not valid does not go in',
        'what is asked wrongly',
      ],
      'gateway/routing-peers.test.ts': [
        'filters: addresses are taken out, peers without any dropped, protocols as they are named',
        'peers are streamed as they are found, and so many at most',
      ],
      'net/routing.test.ts': ['providers, peers and the closest peers of a DHT'],
    },
  },
  {
    row: '§5.48',
    duty: 'the manifest of what is spoken over HTTP',
    by: { 'gateway/forms.test.ts': ['what libp2p clients look for'] },
  },
  {
    row: '§5.53',
    duty: 'what cannot be one request is none',
    by: {
      'gateway/server.test.ts': [
        'heads of more than 16 KiB and of more than 100 headers are refused',
        'a head that never ends is cut',
      ],
      'hostile-http/smuggling.test.ts': ['every request that could be read in two ways is read in one, or refused'],
      'hostile-http/refusal.test.ts': ['a refused upload is read for a while, so that its client sees the refusal'],
    },
  },
  {
    row: '§6.9',
    duty: 'denylists are read anew while the node runs',
    by: { 'policy/cli.test.ts': ['a running daemon follows within a second, and counts what it refuses'] },
  },
  {
    row: '§6.18',
    duty: 'names in a TAR are compared step by step, not as text: a folder cannot hold its own CID, so no request shows it',
    by: {
      'gateway/tar-names.test.ts': [
        'a name that leads out, or to the folder itself, refuses the archive before its first byte',
      ],
    },
  },
  {
    row: '§6.26',
    duty: 'fixtures and gateway in one process',
    by: {
      'conformance/command.test.ts': [
        'blocks of CARs and loose ones, at any depth, are served by the hosts of the suite until it is stopped',
      ],
    },
  },
  {
    row: '§6.29',
    duty: '`cairn conformance` runs the official suite',
    by: { 'conformance/command.test.ts': ['the official suite, where it is, decides the exit code'] },
  },
  {
    row: '§6.30',
    duty: 'listings of sharded folders begin with their first shard',
    by: {
      'gateway/arriving.test.ts': [
        'a sharded folder of a slow network begins before it is whole, and ends as a whole page',
      ],
    },
  },
]

const TESTS = join(import.meta.dirname, '..')
const titlesIn = (text: string): Set<string> =>
  new Set(
    [...text.matchAll(/\b(?:test|lane|register)\(\s*(['"`])(.*?)\1,/g)].map(match =>
      (match[2] ?? '').replaceAll(/\$\{[^}]*\}/g, '…'),
    ),
  )

for (const { row, duty, by } of ELSEWHERE) {
  test(`${row} ${duty}`, () => {
    for (const [file, titles] of Object.entries(by)) {
      const known = titlesIn(readFileSync(join(TESTS, file), 'utf8'))
      for (const title of titles) assert.ok(known.has(title), `${file} has no test '${title}'`)
    }
  })
}

test('§6.20 of several DNSLinks none is taken, and the answer names them', async () => {
  const links = [`dnslink=/ipfs/${NOWHERE}`, 'dnslink=/ipfs/bafkqabtimvwgy3yk']
  const names = createNames({
    records: createRecords({
      store: { get: () => undefined, isFull: () => false, replace: async () => false },
      sources: [],
      timeoutMs: 1000,
    }),
    dnslink: createDnslink({
      statics: new Map(),
      timeoutMs: 1000,
      lookup: async () => ({ texts: links, ttlSecs: 60 }),
    }),
  })
  await withGateway({ node: { names } }, async gateway => {
    const answer = await gateway.get('/ipns/clash.example.test/')
    assert.is(answer.status, 500)
    const text = await answer.text()
    assert.match(text, `/ipfs/${NOWHERE}`)
    assert.match(text, '/ipfs/bafkqabtimvwgy3yk')
  })
})

test('no row of either table is without its proof', () => {
  const files = readdirSync(import.meta.dirname).filter(name => /^(?:duties.*|peer-http|proven)\.test\.ts$/.test(name))
  const own = files.flatMap(name => [...titlesIn(readFileSync(join(import.meta.dirname, name), 'utf8'))])
  const rows = own.flatMap(title => /^(§[56])\.(\d+) /.exec(title)?.slice(1).join('.') ?? [])
  const named = new Set([...rows, ...BETTER_CASES.map(({ row }) => `§6.${row}`)])
  const proven = new Set([...named, ...ELSEWHERE.map(({ row }) => row as string)])
  for (const [table, count] of Object.entries(ROWS)) {
    const wanted = Array.from({ length: count }, (_, index) => `${table}.${index + 1}`)
    assert.equal(
      wanted.filter(row => !proven.has(row)),
      [],
    )
    const byNumber = wanted.filter(row => named.has(row)).length
    console.log(
      `\n» ${table}: ${count} of ${count} rows proven, ${byNumber} by tests of their number, ${count - byNumber} by tests they name`,
    )
  }
})

test.run()
