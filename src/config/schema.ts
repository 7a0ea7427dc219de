// The configuration: every key with its type, its safe default and its docs. The single source of the example, the JSON Schema and the docs page.

import { z } from 'zod'
import { LIMITS } from '../limits.ts'
import { formatSize } from '../units.ts'
import { complaint, KINDS, type Kind } from './kinds.ts'

const fits = (kind: Kind) => (value: unknown) => complaint({ kind }, value) === undefined
const text = (kind: 'text' | 'size' | 'duration' | 'address', value: string, doc: string) =>
  z.string().refine(fits(kind), `is not ${KINDS[kind].write}`).default(value).meta({ kind, description: doc })
const list = (kind: 'list' | 'multiaddrs', value: string[], doc: string) =>
  z.array(z.string()).refine(fits(kind), `is not ${KINDS[kind].write}`).default(value).meta({ kind, description: doc })
const count = (value: number, doc: string) => z.int().min(0).default(value).meta({ kind: 'count', description: doc })
const flag = (value: boolean, doc: string) => z.boolean().default(value).meta({ kind: 'flag', description: doc })
const choice = <const T extends readonly [string, ...string[]]>(values: T, value: T[number], doc: string) =>
  z
    .enum(values)
    .default(value as never)
    .meta({ kind: 'choice', description: doc, values: [...values] })

const BOOTSTRAP = [
  '/dnsaddr/bootstrap.libp2p.io/p2p/QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN',
  '/dnsaddr/bootstrap.libp2p.io/p2p/QmQCU2EcMqAqQPR2i9bChDtGNJchTbq5TbXJJ16u19uLTa',
  '/dnsaddr/bootstrap.libp2p.io/p2p/QmbLHAnMoJPWSCR5Zhtx6BHJX9KiKNN6tpvbUcqanj75Nb',
  '/dnsaddr/bootstrap.libp2p.io/p2p/QmcZf59bWwK5XFi76CZX8cbJ4BhTzzA3gU1ZjYZcYW3dwt',
  '/ip4/104.131.131.82/tcp/4001/p2p/QmaCpDMGvV2BGHeYERUEnRQAwe3N8SzbUtfsmvsqQLuvuJ',
]

const section = <T extends z.ZodRawShape>(shape: T) => z.strictObject(shape).prefault({} as never)

export const configSchema = z.strictObject({
  $schema: z.string().optional(),
  mode: choice(
    ['public', 'lan', 'private', 'offline'],
    'public',
    'Whom the node talks to: everyone, the local network and listed peers, holders of the swarm key, or nobody',
  ),
  import: section({
    profile: choice(
      ['unixfs-v1-2025', 'unixfs-v0-2015', 'kubo-default'],
      'unixfs-v1-2025',
      'How files become blocks, hence which CIDs `add` gives; kubo-default follows `ipfs add` in what its options bring along',
    ),
  }),
  store: section({
    max: text(
      'size',
      '100GiB',
      'Disk the repository may take, hard: unpinned content goes first, then writes are refused',
    ),
    cache: text('size', formatSize(LIMITS.cacheBytes.value).replace(' ', ''), 'Memory for checked small blocks'),
    verify: choice(
      ['crc', 'full'],
      'crc',
      'What every read checks: the CRC-32 taken at the door, or the whole hash again',
    ),
    grace: text('duration', '1h', 'How long content that was added without a pin is safe from collection'),
    highWater: count(
      90,
      'Percent of store.max above which the daemon makes room by itself: cache first, then garbage; 0: only when it is full',
    ),
    lowWater: count(80, 'Percent of store.max down to which it does'),
    gcInterval: text(
      'duration',
      '0s',
      'Time between collections that the daemon starts by itself; 0: none but for room',
    ),
    gcPace: count(50, 'Percent of the time that a collection in the daemon may hold the write lock and the disk'),
  }),
  pins: section({
    concurrency: count(4, 'Pins of the queue that are walked at once; 0 stops the queue'),
    retry: text('duration', '10s', 'Pause before a pin that failed is tried again; doubled each time, up to an hour'),
    patience: text('duration', '1m', 'A pin of the queue for which nothing came for so long makes room for the next'),
    maxBlocks: count(LIMITS.pinBlocks.value, 'Distinct blocks of one pin'),
    maxDepth: count(LIMITS.pinDepth.value, 'Levels below the root of a pin'),
    maxBytes: text('size', '16TiB', 'Size of one pin'),
    maxTime: text(
      'duration',
      '7d',
      'Time for one try at a pin; what has come stays, and the next try goes on from there',
    ),
  }),
  scrub: section({
    interval: text(
      'duration',
      '30d',
      'How often the daemon hashes every stored block again, to find what has rotted; 0 turns it off',
    ),
    rate: text('size', '16MiB', 'Bytes a second that it reads for that at most; 0 means as fast as it goes'),
  }),
  gateway: section({
    listen: text('address', '127.0.0.1:8080', 'Address of the public content gateway, HOST:PORT; empty turns it off'),
    hosts: list(
      'list',
      ['localhost'],
      'Host names that serve each CID under a subdomain of its own; words after a name change that: paths (no subdomains), ipfs-only, dots (DNS names are not made one label), no-dnslink, trustless, front-page, refused; * stands for all others',
    ),
    routing: choice(
      ['off', 'read', 'write'],
      'off',
      'Whether /routing/v1 (Delegated Routing) tells who has content and where peers and names are; write: it also takes IPNS records',
    ),
    libp2p: flag(
      false,
      'Peers may fetch blocks and CARs that are here over libp2p itself (/http/1.1), without an address that is open to the web',
    ),
    showRules: flag(
      false,
      'Answers made by a rule of a site’s _redirects name its line in X-Cairn-Redirects-Line, to find out why a page is not served',
    ),
    proxy: flag(true, 'Clients may use the gateway as their HTTP proxy; CONNECT tunnels end in the gateway itself'),
    proxies: list(
      'list',
      [],
      'Addresses or ranges of proxies in front, whose X-Forwarded-Host and -Proto count; empty: everyone’s do',
    ),
    retrievalTimeout: text(
      'duration',
      '30s',
      'Longest wait of a request for its first byte from the network, and then for each next one',
    ),
    stallTimeout: text('duration', '30s', 'A client that takes nothing for so long is dropped'),
    maxConnections: count(LIMITS.connections.value, 'Open connections to the gateway'),
    workers: count(
      0,
      'Processes that serve the gateway beside the daemon, so that reading uses more cores; 0: the daemon serves it itself',
    ),
    maxRequests: count(
      LIMITS.gatewayRequests.value,
      'Requests that are answered at once, without those that wait for the network; more get 429. 0: no limit',
    ),
    maxRetrievals: count(
      LIMITS.gatewayRetrievals.value,
      'Requests that wait for the network at once; more get 429. 0: no limit',
    ),
    clientShare: count(
      25,
      'Percent of the connections, requests and retrievals that one network of clients (IPv4 /24, IPv6 /48) may hold; not the machine itself, nor gateway.proxies',
    ),
    rate: text(
      'text',
      '',
      'Requests that one network of clients (IPv4 /24, IPv6 /48) may make, such as 100/s, 600/m or 50/s burst 500; more get 429. Empty: any number',
    ),
    maxTime: text('duration', '1h', 'Longest time for one answer; then it is broken off. 0: no limit'),
    maxBytes: text('size', '0', 'Largest file, CAR or archive that is served; what is larger gets 410. 0: no limit'),
    maxRangeBytes: text(
      'size',
      '0',
      'Largest file of which parts are served; a Range of what is larger gets 501. For CDNs that would fetch the whole. 0: no limit',
    ),
    access: choice(
      ['any', 'pinned', 'local'],
      'any',
      'What visitors may have: anything, which is fetched where it is missing; what is pinned here; or what is stored here',
    ),
    signedUrls: choice(
      ['off', 'beyond', 'required'],
      'off',
      'Addresses made by `cairn sign`: not looked at; give what gateway.access does not; or needed for all content',
    ),
    sandbox: flag(
      true,
      'Pages of content under /ipfs/ and /ipns/, which share one origin, run in a sandbox: without cookies, storage and service workers',
    ),
  }),
  dnslink: section({
    static: list(
      'list',
      [],
      'DNSLinks that are known without asking, each NAME:/ipfs/CID or NAME:/ipns/NAME; $IPFS_NS_MAP says the same',
    ),
    servers: list('list', [], 'DNS servers to ask in place of those of the system: 9.9.9.9, [2620:fe::fe]:53'),
    resolvers: list(
      'list',
      ['.eth=https://dns.eth.limo/dns-query'],
      'Resolvers over HTTPS (RFC 8484) for names that the DNS does not know, each .TLD=URL; . stands for all others',
    ),
    timeout: text('duration', '5s', 'Time for one DNS lookup'),
    allowPrivate: flag(
      false,
      'Whether resolvers over HTTPS and delegated routers may have a loopback, link-local or private address',
    ),
  }),
  ipns: section({
    timeout: text('duration', '15s', 'Time to look for the record of a name in the network'),
    routers: list('list', [], 'Delegated routers (URLs of hosts that serve /routing/v1) to ask beside the DHT'),
  }),
  api: section({
    listen: text(
      'address',
      '127.0.0.1:5001',
      'Address of the API (Kubo RPC, health, metrics), HOST:PORT; loopback only',
    ),
  }),
  deny: section({
    files: list(
      'list',
      [],
      'Denylists beside those in `denylists/` of the repository, relative to it: files, or folders of *.deny files',
    ),
    subscriptions: list('list', [], 'URLs of denylists that the daemon fetches and keeps up to date'),
    interval: text('duration', '1h', 'How often subscribed denylists are asked for again; 0 turns it off'),
    allowPrivate: flag(
      false,
      'Subscriptions may be at private addresses, such as another machine of the local network',
    ),
  }),
  swarm: section({
    listen: list(
      'multiaddrs',
      ['/ip4/0.0.0.0/tcp/4001', '/ip4/0.0.0.0/tcp/4002/ws'],
      'Multiaddrs that peers can reach this node on',
    ),
    announce: list('multiaddrs', [], 'Multiaddrs to tell peers instead of the ones listened on'),
    peers: list('multiaddrs', [], 'Peers to stay connected with: multiaddrs that end in /p2p/<id>'),
    bootstrap: list('multiaddrs', BOOTSTRAP, 'First peers of the public network; used in mode public only'),
    key: text(
      'text',
      'swarm.key',
      'File of the pre-shared key of a private network (Kubo format), relative to the repository',
    ),
    maxConnections: count(LIMITS.peers.value, 'Open connections to peers'),
  }),
  log: section({
    level: choice(['error', 'warn', 'info', 'debug', 'trace'], 'info', 'What is logged'),
    format: choice(['auto', 'text', 'json'], 'auto', 'Readable lines, JSON lines, or what fits where stderr goes'),
  }),
  daemon: section({
    drain: text('duration', '10s', 'How long running requests may take to end when the node stops'),
    mdns: flag(true, 'Find peers on the local network (modes public and lan)'),
  }),
})

export type Config = z.infer<typeof configSchema>
