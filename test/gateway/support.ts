// A content gateway for tests: a real listener over a node whose blocks lie in memory.

import { once as event } from 'node:events'
import { connect } from 'node:net'
import type { CID } from 'multiformats/cid'
import { contentApp } from '../../gateway/content/app.ts'
import { type HttpLimits, type HttpServer, startServer } from '../../gateway/server.ts'
import type { ImportOptions, SourceEntry } from '../../src/api/add.ts'
import type { ContentApi } from '../../src/api/content.ts'
import type { NamesApi } from '../../src/api/names.ts'
import type { CairnNode } from '../../src/api/node.ts'
import type { BlockSource } from '../../src/block/source.ts'
import { type Config, configSchema } from '../../src/config/schema.ts'
import { exportCar } from '../../src/dag/car/car-write.ts'
import { importSources } from '../../src/dag/import/import.ts'
import { describeEntry, resolvePath } from '../../src/dag/resolve.ts'
import { listDirectory } from '../../src/dag/unixfs/list.ts'
import { readFile } from '../../src/dag/unixfs/read.ts'
import { walkTree } from '../../src/dag/unixfs/tree.ts'
import { createDnslink } from '../../src/names/dnslink.ts'
import { createRecords } from '../../src/names/records.ts'
import { createNames } from '../../src/names/resolver.ts'
import { parseStatics } from '../../src/names/statics.ts'
import { type Logger, SILENT } from '../../src/observe/log.ts'
import { Denylist } from '../../src/policy/denylist.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'

const never = new AbortController().signal

/** A tree of names; strings and bytes are files. */
export interface Tree {
  readonly [name: string]: string | Uint8Array | Link | Tree
}

/** `network` is asked for what `memory` lacks; without it a missing block is missing. */
export function memoryContent(memory: MemoryBlocks, network: BlockSource = memory): ContentApi {
  const source = () => network
  return {
    resolve: (path, options) => resolvePath(source(), path, options),
    read: (cid, options) => readFile(source(), cid, options),
    list: (cid, options) => listDirectory(source(), cid, options),
    tree: (cid, options) => walkTree(source(), cid, options),
    stat: (cid, options) => describeEntry(source(), cid, options),
    exportCar: (path, options) => exportCar(source(), path, options),
    blocks: source,
    local: memory,
  }
}

/** The names of a node that is offline: those that are configured, and the records that are put. */
export function memoryNames(statics: readonly string[] = []): NamesApi {
  const records = new Map<string, Uint8Array>()
  const timeoutMs = 5000
  return createNames({
    records: createRecords({
      store: {
        get: name => records.get(name),
        isFull: () => false,
        replace: async (name, before, bytes) => {
          if (records.get(name) !== before) return false
          records.set(name, bytes)
          return true
        },
      },
      sources: [],
      timeoutMs,
    }),
    dnslink: createDnslink({ statics: parseStatics(statics), lookup: undefined, timeoutMs }),
  })
}

export interface TestGateway {
  readonly memory: MemoryBlocks
  readonly content: ContentApi
  readonly server: HttpServer
  readonly url: string
  add(name: string, content: string | Uint8Array, options?: ImportOptions): Promise<CID>
  addTree(tree: Tree, options?: ImportOptions): Promise<CID>
  /** One exchange on a connection of its own, byte for byte; the answer split into its parts. */
  raw(head: string): Promise<RawAnswer>
  get(path: string, headers?: Record<string, string>): Promise<Response>
  close(): Promise<void>
}

export interface TestGatewayOptions {
  readonly memory?: MemoryBlocks
  readonly network?: BlockSource
  readonly content?: Partial<ContentApi>
  readonly node?: Partial<CairnNode>
  readonly hosts?: readonly string[]
  /** DNSLinks, each `NAME:/ipfs/CID`. */
  readonly dnslinks?: readonly string[]
  readonly routing?: Config['gateway']['routing']
  readonly showRules?: boolean
  readonly proxy?: boolean
  readonly proxies?: readonly string[]
  readonly mode?: 'offline' | 'public'
  readonly retrievalTimeout?: string
  /** Other keys of `gateway`. */
  readonly config?: Partial<Config['gateway']>
  /** Where the keys of signed addresses are. */
  readonly repo?: string
  readonly limits?: Partial<HttpLimits>
  readonly log?: Logger
}

export async function startGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const memory = options.memory ?? new MemoryBlocks({ peekable: true })
  const content = { ...memoryContent(memory, options.network), ...options.content }
  const gateway = {
    ...configSchema.parse({}).gateway,
    listen: '127.0.0.1:0',
    hosts: [...(options.hosts ?? ['localhost'])],
    routing: options.routing ?? 'off',
    showRules: options.showRules ?? false,
    proxy: options.proxy ?? true,
    proxies: [...(options.proxies ?? [])],
    retrievalTimeout: options.retrievalTimeout ?? '30s',
    stallTimeout: '30s',
    maxConnections: 100,
    workers: 0,
    ...options.config,
  }
  const app = contentApp({
    node: { ...fakeNode(content, memoryContent(memory)), names: memoryNames(options.dnslinks), ...options.node },
    config: { mode: options.mode ?? 'offline', gateway },
    log: options.log ?? SILENT,
    ...(options.repo !== undefined && { repo: options.repo }),
  })
  const server = await startServer({
    name: 'gateway',
    configKey: 'gateway.listen',
    flag: '--gateway',
    listen: gateway.listen,
    app,
    limits: options.limits ?? {},
    log: SILENT,
  })
  return {
    memory,
    content,
    server,
    url: server.url,
    add: (name, bytes, importOptions) => addFile(memory, name, bytes, importOptions),
    addTree: (tree, importOptions) => addTree(memory, tree, importOptions),
    raw: head => rawExchange(server.port, head),
    get: (path, headers = {}) => fetch(`${server.url}${path}`, { headers, redirect: 'manual' }),
    close: () => server.close({ drainMs: 0 }),
  }
}

/** A gateway for as long as `run` takes. */
export async function withGateway(
  options: TestGatewayOptions,
  run: (gateway: TestGateway) => Promise<void>,
): Promise<void> {
  const gateway = await startGateway(options)
  try {
    await run(gateway)
  } finally {
    await gateway.close()
  }
}

/** The parts of a node that a content gateway touches; anything else would be a bug of the gateway. */
function fakeNode(content: ContentApi, localContent: ContentApi): CairnNode {
  const parts: Partial<CairnNode> = {
    content,
    localContent,
    denylist: new Denylist(),
    version: '0.0.0-test',
    id: async () => ({
      id: '12D3KooWPeer',
      publicKey: '',
      addresses: [],
      agentVersion: 'test',
      protocols: [],
    }),
    repo: {
      stat: () => ({
        path: '/nowhere',
        schemaVersion: 1,
        blocks: 1234,
        blockBytes: 0,
        diskBytes: 5 * 1024 * 1024,
        maxBytes: 0,
        pins: 0,
        packs: 0,
        writers: [],
      }),
    } as Partial<CairnNode['repo']> as CairnNode['repo'],
    swarm: { peers: async () => [], connect: async () => ({ id: '' }) },
  }
  return parts as CairnNode
}

async function addFile(
  memory: MemoryBlocks,
  name: string,
  content: string | Uint8Array,
  options: ImportOptions = {},
): Promise<CID> {
  return rootOf(memory, [{ path: [name], kind: 'file', content: once(content) }], options)
}

export async function addTree(memory: MemoryBlocks, tree: Tree, options: ImportOptions = {}): Promise<CID> {
  const root: SourceEntry = { path: ['root'], kind: 'directory', content: once('') }
  return rootOf(memory, [root, ...entriesOf(tree, ['root'])], options)
}

function* entriesOf(tree: Tree, above: readonly string[]): Generator<SourceEntry> {
  for (const [name, content] of Object.entries(tree)) {
    const path = [...above, name]
    if (typeof content === 'string' || content instanceof Uint8Array)
      yield { path, kind: 'file', content: once(content) }
    else if (content instanceof Link) yield { path, kind: 'symlink', content: once(content.target) }
    else {
      yield { path, kind: 'directory', content: once('') }
      yield* entriesOf(content, path)
    }
  }
}

/** A symlink in a Tree. */
export class Link {
  readonly target: string
  constructor(target: string) {
    this.target = target
  }
}

async function* once(content: string | Uint8Array): AsyncGenerator<Uint8Array> {
  yield typeof content === 'string' ? Buffer.from(content) : content
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
}

async function rootOf(memory: MemoryBlocks, entries: readonly SourceEntry[], options: ImportOptions): Promise<CID> {
  const sources = [{ kind: 'entries', entries: each(entries) }] as const
  for await (const event of importSources(sources, { ...options, signal: never }, memory)) {
    const [root] = event.type === 'done' ? event.roots : []
    if (root !== undefined) return root
  }
  throw new Error('nothing was imported')
}

export interface RawAnswer {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
  /** Whether the body has the length that its head announced. */
  readonly isWhole: boolean
}

/** Sends the head as it is (an empty line and `Connection: close` are added) and reads to the end of the connection. */
export async function rawExchange(port: number, head: string): Promise<RawAnswer> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(Buffer.from(`${head.replaceAll('\n', '\r\n')}\r\nConnection: close\r\n\r\n`, 'latin1'))
  const chunks: Buffer[] = []
  socket.on('data', chunk => chunks.push(chunk))
  await event(socket, 'close')
  return parseAnswer(Buffer.concat(chunks))
}

export function parseAnswer(bytes: Buffer): RawAnswer {
  const end = bytes.indexOf('\r\n\r\n')
  const [statusLine = '', ...lines] = bytes.subarray(0, Math.max(0, end)).toString('latin1').split('\r\n')
  const headers = new Map(
    lines.map(line => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
  const body = bytes.subarray(end + 4)
  const length = headers.get('content-length')
  return {
    status: Number(statusLine.split(' ')[1] ?? 0),
    headers,
    body,
    isWhole: length === undefined ? body.includes('0\r\n\r\n') : body.byteLength === Number(length),
  }
}
