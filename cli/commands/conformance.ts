// `cairn conformance`: an offline gateway over a folder of fixtures, for the official conformance suite and others like it.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Config } from '../../src/config/schema.ts'
import { CairnError } from '../../src/errors.ts'
import { type CommandContext, command as define, GLOBAL_FLAGS } from '../command.ts'
import { fillNode } from '../conformance/fill.ts'
import { type Fixtures, findFixtures } from '../conformance/fixtures.ts'
import { findSuite, type OfficialSuite, runSuite } from '../conformance/suite.ts'
import { count, print } from '../print.ts'
import { configFlagsOf, createSession } from '../session.ts'

const flags = {
  fixtures: { type: 'string', value: 'FOLDER', doc: 'The fixtures: *.car, *.block, *.ipns-record, DNSLinks, hosts' },
  gateway: {
    type: 'string',
    value: 'HOST:PORT',
    default: '127.0.0.1:0',
    doc: 'Where the gateway listens; port 0 takes a free one',
  },
  serve: { type: 'boolean', doc: 'Go on serving after the suite, or in its place, until stopped' },
} as const

/** What the official suite asks for (spec: gateway §1.3). */
const SUITE_HOSTS: readonly string[] = ['example.com', 'localhost']

export const command = define({
  service: true,
  args: [],
  flags,
  examples: [
    'cairn conformance --fixtures fixtures',
    'cairn conformance --fixtures fixtures --json --config gateway.workers=2',
  ],
  details: [
    'Everything in the folder, at any depth, goes into a temporary repository: `*.car` (roots are not pinned, missing blocks stay missing), `*.block` under the CID it is named by, `*.ipns-record` under its key, the name up to the first `_`. DNSLinks come from `dnslink.yml`, `dnslinks.json` or `IPFS_NS_MAP` in a `manifest.json`, hosts from `hosts` in a `manifest.json`, else they are example.com and localhost.',
    'If `gateway-conformance`, or `gwc.test` beside its fixtures, is on the PATH or in $CAIRN_PEERS, and no manifest names other hosts, the suite is run, its counts are printed, and they decide the exit code. Else the gateway serves until it is stopped.',
  ],
  run: async context => {
    const { flags: given, globals, io, env, signal } = context
    if (given.fixtures === undefined)
      throw new CairnError('USAGE', '--fixtures is missing', { hint: 'see `cairn conformance --help`' })
    const fixtures = findFixtures(resolve(given.fixtures))
    await using cleanup = new AsyncDisposableStack()
    const repo = mkdtempSync(join(tmpdir(), 'cairn-conformance-'))
    cleanup.defer(() => rmSync(repo, { recursive: true, force: true }))
    const { config, log, filled } = await prepare(context, repo, fixtures)
    const { serve } = await import('../serve.ts')
    const service = cleanup.use(await serve({ repo, config, log, onMade: () => undefined }))
    const { gateway } = service.urls
    const subdomain = `http://${subdomainHost(config.gateway.hosts)}:${new URL(gateway).port}`
    const counts = { ...filled, refused: filled.refused.length, dnslinks: Object.keys(fixtures.dnslinks).length }
    print(context, {
      json: { ready: true, gateway, subdomain, ...counts },
      quiet: gateway,
      text: `gateway    ${gateway}\nsubdomain  ${subdomain}\nready: ${count(counts.blocks, 'block')}, ${count(counts.records, 'IPNS record')} (${counts.refused} refused as not valid), ${count(counts.dnslinks, 'DNSLink')}`,
    })
    await io.stdout.flush()
    const suite = fixtures.hosts === undefined ? findSuite(env) : undefined
    if (suite !== undefined) await test(context, suite, { gateway, subdomain })
    if (suite === undefined || given.serve === true) {
      if (globals.json !== true) io.stderr.write('serving until stopped\n')
      await stopOf(signal)
    }
  },
})

/** A repository with all of it, and the config to serve it by: the command's own, not the user's file. */
async function prepare(
  { flags: given, globals, env, io, signal }: CommandContext<typeof flags>,
  repo: string,
  fixtures: Fixtures,
) {
  await using session = createSession({
    globals: { ...globals, repo },
    configFlags: configFlagsOf(GLOBAL_FLAGS, globals),
    env,
    io,
    signal,
    isService: false,
  })
  const node = await session.open({ create: true, local: true, onMade: () => undefined })
  const filled = await fillNode(node, fixtures, { io, signal })
  const { config } = session.config()
  return { filled, log: session.log, config: offline(config, given.gateway ?? '127.0.0.1:0', fixtures) }
}

const offline = (config: Config, listen: string, { hosts = SUITE_HOSTS, dnslinks }: Fixtures): Config => ({
  ...config,
  mode: 'offline',
  gateway: { ...config.gateway, listen, hosts: [...hosts] },
  dnslink: {
    ...config.dnslink,
    static: [...config.dnslink.static, ...Object.entries(dnslinks).map(([name, path]) => `${name}:${path}`)],
  },
  api: { ...config.api, listen: '127.0.0.1:0' },
})

/** The first name with subdomains; an entry is a name and words (`gateway.hosts`). */
function subdomainHost(hosts: readonly string[]): string {
  const entries = hosts.map(entry => entry.split(' '))
  const [name = 'localhost'] =
    entries.find(([name = '', ...words]) => !name.includes('*') && !words.includes('paths')) ?? []
  return name
}

async function test(
  context: CommandContext<typeof flags>,
  suite: OfficialSuite,
  urls: { gateway: string; subdomain: string },
): Promise<void> {
  const { env, io, signal, globals } = context
  const lines: string[] = []
  const counts = await runSuite(suite, { ...urls, env, signal, onLine: line => lines.push(line) })
  const { passed, failed, skipped, failures } = counts
  const total = passed + failed + skipped
  // What it has to say of its failures is long, and for people.
  if (failed > 0 && globals.json !== true && globals.quiet !== true) io.stderr.write(`${lines.join('\n')}\n`)
  print(context, {
    json: { suite: suite.program, total, ...counts },
    quiet: `${failed}`,
    text: [
      ...failures.map(name => `failed: ${name}`),
      `official suite: ${total} tests, ${passed} passed, ${failed} failed, ${skipped} skipped`,
    ].join('\n'),
  })
  await io.stdout.flush()
  if (failed > 0) throw new CairnError('PARTIAL', `${failed} of ${total} tests of the suite failed`)
}

function stopOf(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
