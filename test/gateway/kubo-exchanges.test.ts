// Every exchange recorded from Kubo's gateway, replayed byte for byte over TCP. What does not pass yet is named here with its
// reason, and must be taken from the list as soon as it does.

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseCid } from '../../src/block/cid.ts'
import { configSchema } from '../../src/config/schema.ts'
import { type LocalNode, openNode } from '../../src/index.ts'
import { SILENT } from '../../src/observe/log.ts'
import { temporaryFolder } from '../support/cairn.ts'
import { startGateway, type TestGateway } from './support.ts'

interface Transcript {
  readonly name: string
  readonly group: string
  readonly expect: 'same' | 'better' | 'free'
}

interface Replay {
  perform(host: string, port: number, transcript: Transcript): Promise<unknown>
  judge(transcript: Transcript, answers: unknown, kubo: boolean): string[]
}

const FIXTURES = join(import.meta.dirname, '../fixtures/gateway-kubo')
const { perform, judge } = (await import(join(FIXTURES, 'replay.mjs'))) as Replay
const { transcripts } = JSON.parse(readFileSync(join(FIXTURES, 'transcripts.json'), 'utf8')) as {
  transcripts: readonly Transcript[]
}

const NAMES = 'later issue: names (IPNS, DNSLink) are not resolved yet'
const PART_OF_FILE = 'later issue: CARs of a byte range, and with duplicates'
const FRONT_PAGE = 'a choice: the front page answers where Kubo has none'
const NOT_UTF8 = 'a limit: names are text here, and bytes that are no UTF-8 have no text'
const HEADER_ESCAPES = 'a choice: X-Ipfs-Path is percent-encoded, where Kubo loses a line feed and a final space'
const NODE_PARSER = "a limit: Node's strict HTTP parser decides this one"
const HOLES = 'a choice: a CAR over a missing block must not end as if it were whole (spec: gateway §2.14)'
const READER = "the fixture's own CAR reader cuts the last byte of CIDs with a long prefix, and wants them whole"
const NO_UNIXFS = 'open: paths through dag-pb nodes without UnixFS data are not followed'
const DOCUMENT_ROOTS = 'later issue: X-Ipfs-Roots has one CID per segment inside documents, too'

/** Groups that only names or `_redirects` could answer. */
const LATER_GROUPS: ReadonlySet<string> = new Set(['ipns', 'redirects'])

const EXCEPTIONS: Record<string, readonly string[]> = {
  [NAMES]: [
    'GET ipns site',
    'HEAD ipns site',
    'caching ipns file',
    'caching ipns site',
    'caching ipns with sub-path',
    'caching ipns chain',
    'caching ipns listing',
    'caching ipns raw',
    'caching ipns car',
    'caching ipns tar',
    'caching ipns dag-json',
    'caching ipns record',
    'caching ipns ttl zero, content missing',
    'caching ipns ttl zero record',
    'caching ipns huge ttl record',
    'caching dnslink name',
    'caching dnslink to key',
    'caching dnslink chain',
    'caching dnslink listing',
    'caching dnslink raw',
    'caching ipns directory without slash',
    'caching ipns missing name',
    'caching ipns record by Accept',
    'caching ipns record HEAD',
    'caching ipns if-none-match file',
    'caching dnslink loop',
    'caching ipns loop',
    'only-if-cached ipns known',
    'missing ipns to missing',
    'car of ipns path',
    'host gateway ipns key',
    'host gateway ipns dnslink inlined',
    'host gateway ipns dnslink https',
    'host subdomain ipns key',
    'host subdomain ipns base32',
    'host subdomain ipns inlined',
    'host subdomain ipns dotted',
    'host subdomain ipns content cid',
    'host subdomain ipns record',
    'host subdomain namespace not served',
    'host namespace not served path',
    'host dnslink site',
    'host dnslink site root',
    'host dnslink site port',
    'host dnslink upper case',
    'host dnslink trailing dot',
    'host dnslink directory redirect',
    'host dnslink ipfs path',
    'host dnslink ipns path',
    'host dnslink missing',
    'host dnslink sub-path',
    'host dnslink single file',
    'host dnslink single file below',
    'host dnslink content missing',
    'host dnslink loop',
    'host dnslink post',
    'host dnslink raw',
    'host dnslink record',
    'host dnslink no-dnslink host',
    'forwarded dnslink',
  ],
  [PART_OF_FILE]: [
    'missing car bytes before the hole',
    'accept car with params',
    'car bytes without scope on file',
    'car bytes one chunk',
    'car bytes two chunks',
    'car bytes suffix',
    'car bytes suffix six',
    'car bytes negative both',
    'car dups y',
  ],
  [FRONT_PAGE]: ['host gateway root', 'host unknown namespace label', 'host label without id', 'host plain host root'],
  [NOT_UTF8]: ['entry that is not UTF-8', 'entry FF FE', 'listing with names that are not UTF-8'],
  [HEADER_ESCAPES]: ['name 19 "new\\nline.txt"', 'name 38 "trailing "'],
  [NODE_PARSER]: ['name utf8 unescaped on the wire', 'method CONNECT on a file', 'http two spaces'],
  [HOLES]: ['format=car of dag-json', 'format=car of dag-cbor', 'document car of document'],
  [READER]: ['car bytes without scope on folder', 'car unknown codec'],
  [NO_UNIXFS]: ['path below dag-pb without unixfs'],
  [DOCUMENT_ROOTS]: ['document nested link', 'document list index'],
}

let node: LocalNode
let gateway: TestGateway

test.before(async () => {
  const folder = temporaryFolder('kubo-content')
  execFileSync(process.execPath, [join(FIXTURES, 'content.mjs'), folder], { stdio: 'ignore' })
  const config = configSchema.parse({ mode: 'offline' })
  const repo = join(folder, 'repo')
  node = await openNode({ repo, config, log: SILENT, role: 'command', network: 'never', createIfMissing: true })
  const options = { signal: new AbortController().signal, pinRoots: false }
  await node.importCar(fileOf(join(folder, 'content.car')), options)
  const loose = readdirSync(join(folder, 'loose')).map(name => ({
    cid: parseCid(name.replace('.block', '')),
    bytes: readFileSync(join(folder, 'loose', name)),
  }))
  await node.putBlocks(loose, options)
  const hosts = ['gw.test', 'ipfsonly.test', '*.wild.test', 'localhost']
  gateway = await startGateway({ content: node.content, hosts })
})

test.after(async () => {
  await gateway.close()
  await node[Symbol.asyncDispose]()
})

async function* fileOf(path: string): AsyncGenerator<Uint8Array> {
  yield readFileSync(path)
}

const groups = [...new Set(transcripts.map(({ group }) => group))].filter(group => !LATER_GROUPS.has(group))

for (const group of groups) {
  const wanted = transcripts.filter(transcript => transcript.group === group)
  test(`Kubo's exchanges: ${group} (${wanted.length})`, async () => {
    const failed: string[] = []
    for (const transcript of wanted) {
      const answers = await perform('127.0.0.1', gateway.server.port, transcript)
      const differences = judge(transcript, answers, false)
      const reason = reasonFor(transcript.name)
      if (reason === undefined) failed.push(...differences.map(text => `${transcript.name}: ${text}`))
      else if (differences.length === 0)
        failed.push(`${transcript.name} passes now: take it from the exceptions (${reason})`)
    }
    assert.equal(failed, [])
  })
}

const reasons = new Map(Object.entries(EXCEPTIONS).flatMap(([reason, names]) => names.map(name => [name, reason])))

function reasonFor(name: string): string | undefined {
  return reasons.get(name)
}

test('no exception names an exchange that does not exist', () => {
  const known = new Set(transcripts.map(({ name }) => name))
  assert.equal(
    [...reasons.keys()].filter(name => !known.has(name)),
    [],
  )
})

test.run()
