// Everything that puts content into a node: adding files, single blocks, CARs; each is one operation of the store.

import type { CID } from 'multiformats/cid'
import type { AddEvent, AddOptions, CarImported, ImportSource } from '../api/add.ts'
import type { CairnNode } from '../api/node.ts'
import type { BlockSink } from '../block/source.ts'
import { readCar } from '../dag/car/car-read.ts'
import { importSources } from '../dag/import/import.ts'
import { walkDag } from '../dag/walk.ts'
import { isCairnError } from '../errors.ts'
import { linkInFiles } from '../files/mfs.ts'
import { pinStatements } from '../pins/pins.ts'
import type { Denylist } from '../policy/denylist.ts'
import { guardOperation } from '../policy/guard.ts'
import type { Operation, Statement, Store } from '../store/store.ts'

export interface Doors {
  readonly store: Store
  readonly denylist: Denylist
}

/** `--only-hash`: computes the same CIDs and keeps nothing. */
const NOWHERE: BlockSink = { put: block => block.release?.() }

export async function* addFiles(
  { store, denylist }: Doors,
  sources: readonly ImportSource[],
  options: AddOptions,
): AsyncGenerator<AddEvent> {
  if (options.onlyHash === true) {
    yield* importSources(sources, options, NOWHERE)
    return
  }
  await using operation = guardOperation(await store.begin('add'), denylist)
  // Streamed roots are known by name only once they have come.
  const isStreamed = sources.some(source => source.kind === 'entries')
  const names = isStreamed ? [] : sources.map(nameOf)
  for await (const event of importSources(sources, { ...options, exclude: [store.path] }, operation)) {
    if (isStreamed && event.type === 'added' && !event.name.includes('/')) names.push(event.name)
    if (event.type === 'done')
      await operation.finish(await lastStatements(store, operation, names, event.roots, options))
    yield event
  }
}

/** What makes an add permanent, in the transaction that also makes its last block visible. */
async function lastStatements(
  store: Store,
  operation: Operation,
  names: readonly string[],
  roots: readonly CID[],
  options: AddOptions,
): Promise<Statement[]> {
  const statements: Statement[] = []
  if (options.pin !== false)
    statements.push(...pinStatements(roots, { mode: 'recursive', name: options.pinName ?? '' }))
  if (options.toFiles !== undefined) {
    const named = names.map((name, index) => ({ name, cid: roots[index] }))
    statements.push(
      ...(await linkInFiles({ store, operation, entries: named, path: options.toFiles, signal: options.signal })),
    )
  }
  return statements
}

const nameOf = (source: ImportSource): string => {
  const name = source.name ?? (source.kind === 'path' ? source.path : '')
  return name.split('/').findLast(segment => segment !== '') ?? ''
}

export async function putBlocks(
  { store, denylist }: Doors,
  blocks: readonly { readonly cid: CID; readonly bytes: Uint8Array }[],
  options: { signal: AbortSignal },
): Promise<void> {
  await using operation = guardOperation(await store.begin('put'), denylist)
  for (const { cid, bytes } of blocks) await operation.putVerified(cid, bytes, options)
  await operation.finish()
}

type ImportCarOptions = Parameters<CairnNode['importCar']>[1]

/** Every block is hashed before it is taken. A root is pinned only if all of its DAG is here now. */
export async function importCar(
  { store, denylist }: Doors,
  content: AsyncIterable<Uint8Array>,
  options: ImportCarOptions,
): Promise<CarImported> {
  await using operation = guardOperation(await store.begin('import'), denylist)
  const car = readCar(content, options)
  let blocks = 0
  let bytes = 0
  for await (const block of car.blocks) {
    await operation.putVerified(block.cid, block.bytes, options)
    blocks++
    bytes += block.bytes.byteLength
    options.onProgress?.({ blocks, bytes })
  }
  const roots = await car.roots
  await operation.flush()
  const outcome: { cid: CID; pinError: string }[] = []
  for (const cid of roots)
    outcome.push({ cid, pinError: options.pinRoots === false ? '' : await keepAll(store, operation, cid, options) })
  const pinned = options.pinRoots === false ? [] : outcome.filter(root => root.pinError === '').map(root => root.cid)
  await operation.finish(pinStatements(pinned, { mode: 'recursive', name: '' }))
  return { roots: outcome, blocks, bytes }
}

/** Makes a whole local DAG kept under this operation; says why not, if something is missing. */
async function keepAll(
  store: Store,
  operation: Operation,
  root: CID,
  options: { signal: AbortSignal },
): Promise<string> {
  try {
    for await (const { cid } of walkDag(store, root, options)) {
      if (!(await operation.keep(cid, options))) return `ipld: could not find ${cid}`
    }
    return ''
  } catch (error) {
    if (isCairnError(error) && error.code !== 'CANCELLED') return error.message
    throw error
  }
}
