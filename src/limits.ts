// Every limit that outsiders can run into: its number, its config key, what it protects.

import { CairnError } from './errors.ts'
import { GiB, KiB, MiB } from './units.ts'

interface Limit {
  readonly value: number
  /** The config key that changes it, or null where a protocol fixes it. */
  readonly key: string | null
  readonly unit: 'bytes' | 'ms' | 'count'
  readonly doc: string
}

const limit = (value: number, unit: Limit['unit'], doc: string, key: string | null = null): Limit => ({
  value,
  key,
  unit,
  doc,
})

export const LIMITS = {
  // Blocks
  blockBytes: limit(2 * MiB, 'bytes', 'Largest block taken from anywhere (bitswap specification)'),
  identityBytes: limit(128, 'bytes', 'Largest identity CID (IPFS specs #512)'),
  cidChars: limit(2000, 'count', 'Characters of a CID in any base: in base2 those of the longest digest'),
  digestMinBytes: limit(20, 'bytes', 'Shortest digest that counts as a hash'),
  digestMaxBytes: limit(128, 'bytes', 'Longest digest'),
  // DAG walks
  dagDepth: limit(1024, 'count', 'Levels below a root that a walk follows'),
  fileDepth: limit(64, 'count', 'Levels of one file'),
  hamtDepth: limit(16, 'count', 'Levels of one sharded folder'),
  walkLinks: limit(2_000_000, 'count', 'Links that one walk has still to follow'),
  walkBlocks: limit(100_000_000, 'count', 'Distinct blocks one walk visits'),
  readVisits: limit(20_000_000, 'count', 'Nodes visited for one answer, so that a bomb of empty leaves ends'),
  codecDepth: limit(1024, 'count', 'Nesting inside one dag-cbor or dag-json block'),
  pathSegments: limit(1024, 'count', 'Segments of one content path'),
  pathBytes: limit(8 * KiB, 'bytes', 'Length of one content path'),
  symlinkBytes: limit(4 * KiB, 'bytes', 'Length of a symlink target'),
  readAheadBytes: limit(64 * MiB, 'bytes', 'Blocks of files read before their turn, in all answers together'),
  importDepth: limit(512, 'count', 'Folders inside folders that an import follows'),
  markedBlocks: limit(8_000_000, 'count', 'Blocks that a collection marks at once; more are collected part by part'),
  badBlocksListed: limit(1000, 'count', 'Missing or damaged blocks named for one pin'),
  // Names
  nameBytes: limit(512, 'bytes', 'Length of one name'),
  nameSteps: limit(32, 'count', 'Names that lead to names, before the content is reached'),
  recordBytes: limit(10 * KiB, 'bytes', 'One IPNS record'),
  namesInMemory: limit(10_000, 'count', 'Names that are remembered, whether found or not'),
  nameLookups: limit(256, 'count', 'DNS lookups, and searches for IPNS records, under way at once'),
  nameMaxAgeSecs: limit(2 ** 31 - 1, 'count', 'Seconds for which an answer about a name may be cached'),
  storedRecords: limit(10_000, 'count', 'IPNS records kept here, so that those of strangers do not fill the disk'),
  recordSearchMs: limit(15_000, 'ms', 'Time to look for the record of a name in the network', 'ipns.timeout'),
  dnsTimeoutMs: limit(5000, 'ms', 'Time for one DNS lookup', 'dnslink.timeout'),
  dnsAnswerBytes: limit(64 * KiB, 'bytes', 'One answer of a DNS server or of a resolver over HTTPS'),
  dnsRecords: limit(100, 'count', 'TXT records that are read of one domain'),
  dnsCacheMs: limit(60_000, 'ms', 'What DNS says is asked again after so long, if it names no time of its own'),
  dnsLongestMs: limit(86_400_000, 'ms', 'What DNS says is asked again after so long, whatever time it names'),
  dnsNegativeMs: limit(15_000, 'ms', 'A name that does not exist is not looked up again for so long'),
  // CAR
  carHeaderBytes: limit(1 * MiB, 'bytes', 'CAR header'),
  carSectionBytes: limit(2 * MiB + 256, 'bytes', 'One CAR section: a block and its CID'),
  carRoots: limit(1024, 'count', 'Roots named by one CAR'),
  // Store
  groupBytes: limit(8 * MiB, 'bytes', 'One group commit'),
  groupRows: limit(8192, 'count', 'Blocks of one group commit'),
  reserveBytes: limit(16 * MiB, 'bytes', 'Least disk kept back for unpinning and collecting when it is full'),
  inlineBytes: limit(64 * KiB, 'bytes', 'Largest block kept inside the database'),
  walBytes: limit(64 * MiB, 'bytes', 'WAL size above which a writer checkpoints'),
  cacheBytes: limit(64 * MiB, 'bytes', 'Checked small blocks in memory', 'store.cache'),
  packDescriptors: limit(64, 'count', 'Pack files open at once in one process'),
  lockWaitMs: limit(10_000, 'ms', 'Wait for the write lock before the holder is named'),
  quarantinedBlocks: limit(1000, 'count', 'Damaged blocks of which a copy is put aside'),
  refetches: limit(32, 'count', 'Damaged blocks that a repair asks for at the same time'),
  refetchMs: limit(30_000, 'ms', 'Time to get one damaged block from elsewhere'),
  pinFetches: limit(32, 'count', 'Blocks that one pin fetches at the same time'),
  pinNameBytes: limit(255, 'bytes', 'Name or owner of a pin'),
  pinLabelBytes: limit(4 * KiB, 'bytes', 'All labels of a pin'),
  pinBlocks: limit(100_000_000, 'count', 'Distinct blocks of one pin', 'pins.maxBlocks'),
  pinDepth: limit(1024, 'count', 'Levels below the root of a pin', 'pins.maxDepth'),
  pinBytes: limit(16 * 1024 * GiB, 'bytes', 'Size of one pin', 'pins.maxBytes'),
  pinTimeMs: limit(7 * 86_400_000, 'ms', 'Time for one try at a pin', 'pins.maxTime'),
  pinsWaitedFor: limit(32, 'count', 'Pins made at once for callers who wait for them'),
  // Gateway and API
  headerBytes: limit(16 * KiB, 'bytes', 'Head of one HTTP request'),
  headerCount: limit(100, 'count', 'Headers of one HTTP request'),
  headersTimeoutMs: limit(10_000, 'ms', 'Time to send the head of a request'),
  keepAliveTimeoutMs: limit(15_000, 'ms', 'An idle HTTP connection is kept for so long'),
  heldBytes: limit(
    512 * MiB,
    'bytes',
    'What clients have not taken yet of their answers; above it long answers get 429',
  ),
  discardedBytes: limit(16 * MiB, 'bytes', 'What is read of a body that nobody wants, so that its answer is seen'),
  discardMs: limit(5000, 'ms', 'Time to read of a body that nobody wants'),
  stallTimeoutMs: limit(30_000, 'ms', 'A client that takes nothing for so long is dropped', 'gateway.stallTimeout'),
  firstByteTimeoutMs: limit(
    30_000,
    'ms',
    'Time until a request that needs the network gets its first byte',
    'gateway.retrievalTimeout',
  ),
  connections: limit(8192, 'count', 'Open HTTP connections per listener', 'gateway.maxConnections'),
  gatewayRequests: limit(4096, 'count', 'Requests that the gateway answers at once', 'gateway.maxRequests'),
  gatewayRetrievals: limit(
    512,
    'count',
    'Requests to the gateway that wait for the network at once',
    'gateway.maxRetrievals',
  ),
  answerTimeMs: limit(3_600_000, 'ms', 'One answer of the gateway', 'gateway.maxTime'),
  clientsInMemory: limit(50_000, 'count', 'Networks of clients whose rate is remembered'),
  forwardedHops: limit(32, 'count', 'Addresses of X-Forwarded-For that are looked at'),
  pinWalks: limit(64, 'count', 'Requests that wait to learn whether a pin reaches their content'),
  signingKeys: limit(64, 'count', 'Keys for signed addresses'),
  workers: limit(64, 'count', 'Gateway workers (`gateway.workers`)'),
  workerQuestions: limit(8192, 'count', 'What one gateway worker asks of the daemon at once'),
  workerAnswerBytes: limit(32 * MiB, 'bytes', 'Blocks on their way from the daemon to one gateway worker'),
  ranges: limit(8, 'count', 'Ranges in one request'),
  redirectsBytes: limit(64 * KiB, 'bytes', 'One `_redirects` file of a site (IPIP-0002)'),
  redirectRules: limit(1000, 'count', 'Rules in one `_redirects` file'),
  redirectTargetBytes: limit(8 * KiB, 'bytes', 'An address that a rule of `_redirects` leads to'),
  zipEntries: limit(200_000, 'count', 'Entries of one ZIP archive, whose directory is kept in memory until its end'),
  listingPages: limit(10_000, 'count', 'Pages of one listing'),
  pageCacheBytes: limit(32 * MiB, 'bytes', 'Rendered listings in memory'),
  peerHttp: limit(64, 'count', 'Open HTTP streams of peers (gateway.libp2p)'),
  peerHttpStreams: limit(8, 'count', 'HTTP streams that one connection of a peer may have open'),
  routingLookups: limit(64, 'count', 'Requests to /routing/v1 under way at once'),
  routingMs: limit(30_000, 'ms', 'Time for one request to /routing/v1; what was found until then is the answer'),
  routingResults: limit(20, 'count', 'Peers in one JSON answer of /routing/v1'),
  routingStreamed: limit(100, 'count', 'Peers in one streamed answer of /routing/v1'),
  listingEntries: limit(1000, 'count', 'Entries on one page of a listing'),
  // Network
  peers: limit(300, 'count', 'Open libp2p connections', 'swarm.maxConnections'),
  wantsPerPeer: limit(1024, 'count', 'Wants remembered for one peer'),
  dialTimeoutMs: limit(10_000, 'ms', 'One dial'),
  wantsInFlight: limit(256, 'count', 'Blocks asked of peers at once'),
  wantsWaiting: limit(8192, 'count', 'Fetches that wait for their turn to be asked'),
  wantBroadcast: limit(64, 'count', 'Peers asked at once for a block that no known provider has'),
  fetchIdleMs: limit(120_000, 'ms', 'A fetch ends when nothing of its root came for so long'),
  searchMs: limit(30_000, 'ms', 'One search for providers'),
  searchedKeys: limit(1024, 'count', 'Keys that one fetch remembers to have searched for'),
  negotiationMs: limit(30_000, 'ms', 'Time to agree on the protocol of a stream, and to answer a ping'),
  messageSendMs: limit(60_000, 'ms', 'Time for a peer to take one bitswap message; then it is dropped'),
  messageBytes: limit(4 * MiB, 'bytes', 'One bitswap message, either way'),
  serveBatchBytes: limit(1 * MiB, 'bytes', 'Blocks loaded at once for one peer (and one block more)'),
  servedPeers: limit(64, 'count', 'Peers that blocks are being sent to at once'),
  pendingConnections: limit(64, 'count', 'Inbound connections still shaking hands'),
  connectionsPerSecond: limit(20, 'count', 'New connections a second from one address'),
  streams: limit(512, 'count', 'Open streams of one connection, either way'),
  dialQueue: limit(500, 'count', 'Dials waiting for their turn'),
  networkRecords: limit(2000, 'count', 'Changed records of libp2p in memory before they are written'),
  provideQueue: limit(10_000, 'count', 'Roots waiting to be announced to the DHT'),
  // Denylists
  denyHeaderBytes: limit(1 * MiB, 'bytes', 'Header of a denylist (IPIP-383)'),
  denyLineBytes: limit(2 * MiB, 'bytes', 'One line of a denylist (IPIP-383)'),
  denyListBytes: limit(512 * MiB, 'bytes', 'One denylist, on disk or from a subscription'),
  denyLists: limit(256, 'count', 'Denylists in force'),
  denyPrefixes: limit(100_000, 'count', 'Rules of one denylist that end in `*` below a path'),
  denyFetchMs: limit(120_000, 'ms', 'Time to fetch one subscribed denylist'),
  denyAuditBytes: limit(8 * MiB, 'bytes', 'The log of refusals; one older one of this size is kept'),
  // Memory of the whole
  repoMaxBytes: limit(100 * GiB, 'bytes', 'Disk the repository may take', 'store.max'),
} as const satisfies Record<string, Limit>

export type LimitName = keyof typeof LIMITS

/** Throws LIMIT, naming the number and the key, if `value` is above the limit; `most` is what the configuration says, if it was asked. */
export function enforce(name: LimitName, value: number, what: string, most: number = LIMITS[name].value): void {
  const { key, unit } = LIMITS[name] as Limit
  if (value <= most) return
  const how = key === null ? 'this limit is fixed' : `raise it with the config key ${key}`
  throw new CairnError('LIMIT', `${what}: ${value} ${unit}, more than the ${most} allowed`, { hint: how })
}
