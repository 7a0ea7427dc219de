// name/resolve, name/inspect, name/get, name/put and resolve: names and what they point to (spec: kubo-rpc §2.6).

import { isCairnError } from '../../src/errors.ts'
import { LIMITS } from '../../src/limits.ts'
import { parseKey } from '../../src/names/name.ts'
import {
  bool,
  type Call,
  type Command,
  command,
  type Options,
  type Reply,
  text,
  uint,
  value,
  values,
} from './command.ts'
import { failure, onCode } from './errors.ts'
import { hexDump } from './hex-dump.ts'
import { inKubosWords, nameWait } from './name-errors.ts'
import { parsePath, pathOf } from './paths.ts'

const DHT_OPTIONS = { 'dht-record-count': uint(16, 'dhtrc'), 'dht-timeout': text('1m0s', 'dhtt') }

const nameResolve = command({
  args: [{ name: 'name', optional: true }],
  options: { recursive: bool(true, 'r'), nocache: bool(false, 'n'), ...DHT_OPTIONS, stream: bool(false, 's') },
  run: async ({ node, args, options: { recursive, stream }, offline, signal }): Promise<Reply> => {
    const name = args[0] ?? (await node.id({ signal })).id
    const wait = nameWait(signal, offline)
    const work = recursive ? node.names.resolve(name, wait).then(pathText) : node.names.step(name, wait).then(target)
    const path = inKubosWords(name, work)
    if (!stream) return value({ Path: await path })
    return values(pathIfAny(path))
  },
})

const pathText = ({ path }: { path: { root: unknown; segments: readonly string[] } }): string =>
  ['/ipfs', path.root, ...path.segments].join('/')
const target = ({ target: path }: { target: string }): string => path

/** A stream that cannot resolve is empty, and a success: Kubo's clients expect it. */
async function* pathIfAny(path: Promise<string>): AsyncGenerator<unknown> {
  try {
    yield { Path: await path }
  } catch (error) {
    if (!isCairnError(error)) throw error
  }
}

/** The last part of a path may lie inside a document: then the path to it stays. */
const resolve = command({
  args: [{ name: 'name' }],
  options: { recursive: bool(true, 'r'), ...DHT_OPTIONS },
  run: async ({ node, content, args: [arg = ''], options, offline, signal, formatCid }) => {
    const parsed = parsePath(arg)
    if (parsed.namespace === 'ipld') return value({ Path: arg })
    if (parsed.namespace === 'ipns' && !options.recursive) {
      const { target: path } = await inKubosWords(parsed.name, node.names.step(parsed.name, nameWait(signal, offline)))
      return value({ Path: [path, ...parsed.segments].join('/') })
    }
    if (parsed.namespace === 'ipfs' && parsed.path.segments.length === 0)
      return value({ Path: `/ipfs/${formatCid(parsed.path.root)}` })
    const path = await pathOf(content, arg, { signal })
    if (path.segments.length === 0) return value({ Path: `/ipfs/${formatCid(path.root)}` })
    const { cid, remainder } = await content.resolve(path, { signal })
    return value({ Path: ['/ipfs', formatCid(cid), ...remainder].join('/') })
  },
})

const inspect = command({
  file: 'record',
  options: { verify: text(''), dump: bool(true) },
  run: async ({ options: { verify, dump }, signal, files }) => {
    const bytes = await recordOf(files)
    // The keys of libp2p load slowly, and few calls need them.
    const { inspectRecord } = await import('../../src/names/inspect.ts')
    const name = verify === '' ? undefined : parseKey(verify)
    const { content, invalid } = await onCode('BAD_RECORD', inspectRecord(bytes, { name, signal }), error =>
      failure(`record is malformed\n${error.message}`, error),
    )
    return value({
      Entry: {
        Value: content.value,
        ValidityType: 0,
        Validity: content.validity,
        Sequence: content.sequence,
        TTL: content.ttlNs,
      },
      PbSize: bytes.byteLength,
      SignatureType: content.hasV1 ? 'V1+V2' : 'V2',
      HexDump: dump ? hexDump(bytes) : '',
      Validation: name === undefined ? null : { Valid: invalid === '', Reason: invalid, Name: name.text },
    })
  },
})

const get = command({
  args: [{ name: 'name' }],
  run: async ({ node, args: [name = ''], offline, signal }): Promise<Reply> => {
    const work = node.names.record(name, nameWait(signal, offline))
    const { bytes } = await onCode('NAME_NOT_FOUND', work, error => failure('routing: not found', error))
    return { kind: 'bytes', type: 'application/vnd.ipfs.ipns-record', content: once(bytes) }
  },
})

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

const put = command({
  args: [{ name: 'name' }],
  file: 'record',
  options: {
    force: bool(false, 'f'),
    'allow-offline': bool(false),
    'allow-delegated': bool(false),
    quiet: bool(false, 'q'),
  },
  run: async ({ node, args: [name = ''], signal, files }) => {
    const work = node.names.put(name, await recordOf(files), { signal })
    const record = await onCode('BAD_RECORD', work, error =>
      failure(`record validation failed: ${error.message}`, error),
    )
    return value({ Name: record.name, Value: record.value })
  },
})

/** The one file of the body; no record is longer than its limit. */
async function recordOf(files: Call<Options>['files']): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const { kind, content } of files()) {
    if (kind !== 'file') throw failure('expected a file')
    for await (const piece of content) {
      length += piece.byteLength
      if (length > LIMITS.recordBytes.value) throw failure(`record exceeds ${LIMITS.recordBytes.value} bytes`)
      pieces.push(piece)
    }
  }
  return Buffer.concat(pieces)
}

export const NAME_COMMANDS: Record<string, Command> = {
  'name/resolve': nameResolve,
  'name/inspect': inspect,
  'name/get': get,
  'name/put': put,
  resolve,
}
