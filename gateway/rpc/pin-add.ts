// pin/add: pins a CID once, as Kubo does, over pins that may be several here (spec: kubo-rpc §2.4).

import type { CID } from 'multiformats/cid'
import type { CairnNode } from '../../src/api/node.ts'
import type { Pin, PinMode } from '../../src/api/pins.ts'
import { loadBlock } from '../../src/dag/blocks.ts'
import { walkDag } from '../../src/dag/walk.ts'
import { LIMITS } from '../../src/limits.ts'
import { bool, command, type Reply, text, value, values } from './command.ts'
import { failure, withPrefix } from './errors.ts'
import { cidOfArgument } from './paths.ts'
import { gather } from './streams.ts'

interface Wanted {
  readonly node: CairnNode
  readonly cids: readonly CID[]
  readonly mode: PinMode
  readonly name: string
  readonly offline: boolean
  readonly signal: AbortSignal
}

interface Progress {
  blocks: number
  bytes: number
}

/** Kubo's pace of progress lines; they go on while nothing moves, so that no client takes the silence for an end. */
const PROGRESS_MS = 500

export const pinAdd = command({
  args: [{ name: 'ipfs-path', many: true }],
  options: { recursive: bool(true, 'r'), name: text('', 'n'), progress: bool(false) },
  run: async ({ node, content, args, options, offline, signal, formatCid }): Promise<Reply> => {
    const { name, recursive } = options
    const nameBytes = Buffer.byteLength(name)
    const most = LIMITS.pinNameBytes.value
    if (nameBytes > most) throw failure(`pin name is ${nameBytes} bytes (max ${most} bytes)`)
    const cids: CID[] = []
    for (const arg of args) cids.push(await cidOfArgument(content, arg, { signal }))
    const wanted: Wanted = { node, cids, mode: recursive ? 'recursive' : 'direct', name, offline, signal }
    const last = { Pins: cids.map(formatCid) }
    if (options.progress) return values(withProgress(wanted, last))
    await withPrefix(
      'pin: ',
      signal,
      pinAll(wanted, () => {}),
    )
    return value(last)
  },
})

async function* withProgress(wanted: Wanted, last: unknown): AsyncGenerator<unknown> {
  const done: Progress = { blocks: 0, bytes: 0 }
  const pinning = pinAll(wanted, progress => Object.assign(done, progress)).then(() => 'done' as const)
  // It may fail while a slow reader keeps us between two lines.
  pinning.catch(() => {})
  while ((await Promise.race([pinning, tick()])) !== 'done') yield describe(done)
  yield describe(done)
  yield last
}

function tick(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, PROGRESS_MS))
}

/** Zeros are left out, as Go does: a pin that waits for its first block sends `{}`. */
function describe({ blocks, bytes }: Progress) {
  return { ...(blocks > 0 ? { Progress: blocks } : {}), ...(bytes > 0 ? { Bytes: bytes } : {}) }
}

async function pinAll(wanted: Wanted, onProgress: (progress: Progress) => void): Promise<void> {
  const before: Progress = { blocks: 0, bytes: 0 }
  for (const cid of wanted.cids) {
    const own: Progress = { blocks: 0, bytes: 0 }
    await pinOne(wanted, cid, ({ blocks, bytes }) => {
      Object.assign(own, { blocks, bytes })
      onProgress({ blocks: before.blocks + blocks, bytes: before.bytes + bytes })
    })
    before.blocks += own.blocks
    before.bytes += own.bytes
  }
}

async function pinOne(wanted: Wanted, cid: CID, onProgress: (progress: Progress) => void): Promise<void> {
  const { node, mode, name, offline, signal } = wanted
  const old = await gather(node.pins.ls({ cid, signal }))
  if (mode === 'direct' && old.some(pin => pin.mode === 'recursive' && pin.status === 'pinned')) {
    throw failure(`${cid} already pinned recursively`)
  }
  if (offline) await requireLocal(wanted, cid)
  await node.pins.add(cid, { mode, name, signal, onProgress })
  await dropReplaced(wanted, cid, old)
}

/** In Kubo a recursive pin takes the place of a direct one, and a new name that of the old. Names given here side by side stay. */
async function dropReplaced({ node, mode, name, signal }: Wanted, cid: CID, old: readonly Pin[]): Promise<void> {
  if (mode === 'recursive' && old.some(pin => pin.mode === 'direct'))
    await node.pins.rm(cid, { mode: 'direct', signal })
  const same = old.filter(pin => pin.mode === mode && pin.status === 'pinned')
  const [replaced] = same
  if (same.length === 1 && replaced !== undefined && replaced.name !== name) {
    await node.pins.rm(cid, { mode, name: replaced.name, signal })
  }
}

/** Offline, a pin of what is not all here fails before it asks anyone. */
async function requireLocal({ node, mode, signal }: Wanted, cid: CID): Promise<void> {
  const { local } = node.content
  if (mode === 'direct') await loadBlock(local, cid, { signal })
  else for await (const _ of walkDag(local, cid, { signal, readLeaves: leaf => !local.has(leaf) }));
}
