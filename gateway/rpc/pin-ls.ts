// pin/ls: roots straight from the index, the blocks below them by a walk, or one CID asked for (spec: kubo-rpc §2.4).

import type { CID } from 'multiformats/cid'
import type { CairnNode } from '../../src/api/node.ts'
import type { PinMode } from '../../src/api/pins.ts'
import { DAG_PB } from '../../src/block/cid.ts'
import { SHA2_256 } from '../../src/block/hash.ts'
import { bool, command, text, value, values } from './command.ts'
import { failure } from './errors.ts'
import { indirectPins } from './indirect-pins.ts'
import type { NamedContent } from './paths.ts'
import { cidOfArgument } from './paths.ts'

type PinType = PinMode | 'indirect' | 'all'
const TYPES: readonly PinType[] = ['direct', 'indirect', 'recursive', 'all']

interface Wanted {
  readonly node: CairnNode
  readonly content: NamedContent
  readonly type: PinType
  readonly name: string
  readonly showNames: boolean
  readonly signal: AbortSignal
}

interface Listed {
  readonly cid: CID
  readonly type: string
  readonly name: string
}

export const pinLs = command({
  args: [{ name: 'ipfs-path', optional: true, many: true }],
  options: {
    type: text('all', 't'),
    quiet: bool(false, 'q'),
    name: text('', 'n'),
    stream: bool(false, 's'),
    names: bool(false),
  },
  run: async ({ node, content, args, options, signal, formatCid }) => {
    const { name } = options
    const type = TYPES.find(known => known === options.type)
    if (type === undefined) {
      throw failure(`invalid type '${options.type}', must be one of {direct, indirect, recursive, all}`)
    }
    const wanted: Wanted = { node, content, type, name, showNames: options.names || name !== '', signal }
    const listed = args.length > 0 ? listGiven(wanted, args) : listAll(wanted)
    return options.stream ? values(documents(listed, formatCid)) : value(await collect(listed, formatCid))
  },
})

async function* documents(listed: AsyncIterable<Listed>, formatCid: (cid: CID) => string): AsyncGenerator<unknown> {
  for await (const { cid, type, name } of listed) {
    yield { Cid: formatCid(cid), ...(name === '' ? {} : { Name: name }), Type: type }
  }
}

/** Keys in the order of Go's maps. Without any there is no `Keys` either. */
async function collect(listed: AsyncIterable<Listed>, formatCid: (cid: CID) => string): Promise<unknown> {
  const found = new Map<string, { Type: string; Name: string }>()
  for await (const { cid, type, name } of listed) {
    const key = formatCid(cid)
    if (!found.has(key)) found.set(key, { Type: type, Name: name })
  }
  if (found.size === 0) return {}
  return { Keys: Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1))) }
}

/** Recursive ones first: where several types meet, the first counts. */
async function* listAll(wanted: Wanted): AsyncGenerator<Listed> {
  const { type, node, name, signal } = wanted
  if (type === 'all' || type === 'recursive') yield* listRoots(wanted, 'recursive')
  if (type === 'all' || type === 'direct') yield* listRoots(wanted, 'direct')
  // Only roots have names.
  if (name !== '' || type === 'recursive' || type === 'direct') return
  for await (const cid of indirectPins(node, { signal })) yield { cid, type: 'indirect', name: '' }
}

async function* listRoots({ node, name, showNames, signal }: Wanted, mode: PinMode): AsyncGenerator<Listed> {
  const filter = { mode, status: 'pinned' as const, signal, ...(name === '' ? {} : { name }) }
  for await (const pin of node.pins.ls(filter)) {
    yield { cid: pin.cid, type: mode, name: showNames ? pin.name : '' }
  }
}

async function* listGiven(wanted: Wanted, args: readonly string[]): AsyncGenerator<Listed> {
  const { content, signal } = wanted
  for (const arg of args) {
    const cid = await cidOfArgument(content, arg, { signal })
    const found = await findPin(wanted, cid)
    if (found === undefined) throw failure(`path '${arg}' is not pinned`)
    yield { ...found, cid }
  }
}

/** One look into the index for recursive and direct; only `indirect` and `all` may have to walk. */
async function findPin(wanted: Wanted, cid: CID): Promise<Listed | undefined> {
  const { node, type, showNames, signal } = wanted
  const modes: PinMode[] = type === 'all' ? ['recursive', 'direct'] : type === 'indirect' ? [] : [type]
  for (const form of formsOf(cid)) {
    for (const mode of modes) {
      for await (const pin of node.pins.ls({ cid: form, mode, status: 'pinned', signal })) {
        return { cid, type: mode, name: showNames ? pin.name : '' }
      }
    }
  }
  if (type === 'recursive' || type === 'direct') return undefined
  const keeper = await node.pins.whyPinned(cid, { signal })
  if (keeper?.mode !== 'indirect') return undefined
  return { cid, type: `indirect through ${keeper.root}`, name: '' }
}

/** A pin is asked for by either version of its CID (spec: kubo-rpc §7.16). */
export function formsOf(cid: CID): CID[] {
  if (cid.code !== DAG_PB || cid.multihash.code !== SHA2_256 || cid.multihash.size !== 32) return [cid]
  return [cid, cid.version === 0 ? cid.toV1() : cid.toV0()]
}
