// pin/add: pins a CID once, as Kubo does, over pins that may be several here (spec: kubo-rpc §2.4).

import type { CID } from 'multiformats/cid'
import type { CairnNode } from '../../src/api/node.ts'
import type { Labels, Pin, PinMeta, PinMode, PinProgress } from '../../src/api/pins.ts'
import { loadBlock } from '../../src/dag/blocks.ts'
import { walkDag } from '../../src/dag/walk.ts'
import { LIMITS } from '../../src/limits.ts'
import { isLabels } from '../../src/pins/labels.ts'
import { bool, command, int64, type Reply, text, value, values } from './command.ts'
import { failure, withPrefix } from './errors.ts'
import { cidOfArgument } from './paths.ts'
import { gather } from './streams.ts'

interface Wanted {
  readonly node: CairnNode
  readonly cids: readonly CID[]
  readonly mode: PinMode
  readonly name: string
  /** What Cairn's own clients say besides. */
  readonly meta: PinMeta
  readonly offline: boolean
  readonly signal: AbortSignal
}

interface Progress {
  blocks: number
  bytes: number
  waiting: string
}

/** Kubo's pace of progress lines; they go on while nothing moves, so that no client takes the silence for an end. */
const PROGRESS_MS = 500

export const pinAdd = command({
  args: [{ name: 'ipfs-path', many: true }],
  options: {
    recursive: bool(true, 'r'),
    name: text('', 'n'),
    progress: bool(false),
    // Not Kubo's. `labels` is a JSON object, `expires` in milliseconds since the epoch; `waiting` tells what a pin waits for.
    owner: text(''),
    labels: text(''),
    expires: int64(undefined),
    priority: int64(0),
    waiting: bool(false),
  },
  run: async ({ node, content, args, options, offline, signal, formatCid }): Promise<Reply> => {
    const { name, recursive } = options
    const nameBytes = Buffer.byteLength(name)
    const most = LIMITS.pinNameBytes.value
    if (nameBytes > most) throw failure(`pin name is ${nameBytes} bytes (max ${most} bytes)`)
    const cids: CID[] = []
    for (const arg of args) cids.push(await cidOfArgument(content, arg, { signal }))
    const mode = recursive ? 'recursive' : 'direct'
    const wanted: Wanted = { node, cids, mode, name, meta: metaOf(options), offline, signal }
    const last = { Pins: cids.map(formatCid) }
    if (options.progress) return values(withProgress(wanted, last, options.waiting))
    await withPrefix(
      'pin: ',
      signal,
      pinAll(wanted, () => {}),
    )
    return value(last)
  },
})

interface MetaOptions {
  readonly owner: string
  readonly labels: string
  readonly expires: number | undefined
  readonly priority: number
}

function metaOf({ owner, labels, expires, priority }: MetaOptions): PinMeta {
  return {
    owner,
    priority,
    ...(labels !== '' && { labels: readLabelObject(labels) }),
    ...(expires !== undefined && { expires }),
  }
}

function readLabelObject(json: string): Labels {
  try {
    const value: unknown = JSON.parse(json)
    if (isLabels(value)) return value
  } catch {
    // Said below.
  }
  throw failure('labels is not a JSON object of texts')
}

async function* withProgress(wanted: Wanted, last: unknown, showWaiting: boolean): AsyncGenerator<unknown> {
  const done: Progress = { blocks: 0, bytes: 0, waiting: '' }
  const pinning = pinAll(wanted, progress => Object.assign(done, progress)).then(() => 'done' as const)
  // It may fail while a slow reader keeps us between two lines.
  pinning.catch(() => {})
  while ((await Promise.race([pinning, tick()])) !== 'done')
    yield { ...describe(done), ...(showWaiting && done.waiting !== '' && { Waiting: done.waiting }) }
  yield describe(done)
  yield last
}

function tick(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, PROGRESS_MS))
}

/** Zeros are left out, as Go does: a pin that waits for its first block sends `{}`. */
function describe({ blocks, bytes }: Pick<Progress, 'blocks' | 'bytes'>) {
  return { ...(blocks > 0 ? { Progress: blocks } : {}), ...(bytes > 0 ? { Bytes: bytes } : {}) }
}

async function pinAll(wanted: Wanted, onProgress: (progress: Progress) => void): Promise<void> {
  const before = { blocks: 0, bytes: 0 }
  for (const cid of wanted.cids) {
    const own = { blocks: 0, bytes: 0 }
    await pinOne(wanted, cid, ({ blocks, bytes, waiting = '' }) => {
      Object.assign(own, { blocks, bytes })
      onProgress({ blocks: before.blocks + blocks, bytes: before.bytes + bytes, waiting })
    })
    before.blocks += own.blocks
    before.bytes += own.bytes
  }
}

async function pinOne(wanted: Wanted, cid: CID, onProgress: (progress: PinProgress) => void): Promise<void> {
  const { node, mode, name, meta, offline, signal } = wanted
  // Other owners' pins stand beside this one.
  const old = await gather(node.pins.ls({ cid, owner: meta.owner ?? '', signal }))
  if (mode === 'direct' && old.some(pin => pin.mode === 'recursive' && pin.status === 'pinned')) {
    throw failure(`${cid} already pinned recursively`)
  }
  if (offline) await requireLocal(wanted, cid)
  await node.pins.add(cid, { ...meta, mode, name, signal, onProgress })
  await dropReplaced(wanted, cid, old)
}

/** In Kubo a recursive pin takes the place of a direct one, and a new name that of the old. Names given here side by side stay. */
async function dropReplaced({ node, mode, name, meta, signal }: Wanted, cid: CID, old: readonly Pin[]): Promise<void> {
  if (mode === 'recursive' && old.some(pin => pin.mode === 'direct'))
    await node.pins.rm(cid, { mode: 'direct', owner: meta.owner ?? '', signal })
  const same = old.filter(pin => pin.mode === mode && pin.status === 'pinned')
  const [replaced] = same
  if (same.length === 1 && replaced !== undefined && replaced.name !== name) {
    await node.pins.rm(cid, { mode, name: replaced.name, owner: replaced.owner, signal })
  }
}

/** Offline, a pin of what is not all here fails before it asks anyone. */
async function requireLocal({ node, mode, signal }: Wanted, cid: CID): Promise<void> {
  const { local } = node.content
  if (mode === 'direct') await loadBlock(local, cid, { signal })
  else for await (const _ of walkDag(local, cid, { signal, readLeaves: leaf => !local.has(leaf) }));
}
