// A walk with the bytes of every block: leaves are read a few ahead and come in their order, in pooled buffers.

import type { CID } from 'multiformats/cid'
import type { BlockSource, BorrowedBlock, Wait } from '../block/source.ts'
import { childSignal } from '../block/waiting.ts'
import { isCairnError } from '../errors.ts'
import { borrowBlock } from './blocks.ts'
import { type WalkedBlock, type WalkOptions, walkDag } from './walk.ts'

/** Leaves in flight; more gained nothing on disks measured. */
const READ_AHEAD = 6

export interface Section {
  readonly cid: CID
  readonly bytes: Uint8Array
  /** To be called once, when nothing reads `bytes` any more. */
  release(): void
}

export type SectionOptions = Omit<WalkOptions, 'readLeaves'>

interface Pending {
  readonly cid: CID
  readonly block: BorrowedBlock | Promise<BorrowedBlock>
}

const nothing = () => {}

export async function* walkSections(source: BlockSource, root: CID, options: SectionOptions): AsyncGenerator<Section> {
  const stop = new AbortController()
  const wait = { signal: childSignal(options.signal, stop.signal) }
  const walk = walkDag(source, root, options)
  const state: State = { pending: [], isWalked: false, failure: undefined }
  try {
    for (;;) {
      await readAhead(source, walk, state, wait)
      const next = state.pending.shift()
      if (next === undefined) break
      const block = await settle(next, options)
      if (block !== undefined) yield { cid: next.cid, bytes: block.bytes, release: () => block.release() }
    }
    if (state.failure !== undefined) throw state.failure.error
  } finally {
    stop.abort()
    await walk.return(undefined)
    for (const { block } of state.pending) {
      if (block instanceof Promise) block.then(read => read.release(), nothing)
      else block.release()
    }
  }
}

interface State {
  readonly pending: Pending[]
  isWalked: boolean
  failure: { readonly error: unknown } | undefined
}

/** A walk that fails ends the reading ahead: what came before it is still good. */
async function readAhead(source: BlockSource, walk: AsyncGenerator<WalkedBlock>, state: State, wait: Wait) {
  try {
    while (!state.isWalked && state.failure === undefined && state.pending.length < READ_AHEAD) {
      const { value, done } = await walk.next()
      if (done === true) state.isWalked = true
      else state.pending.push({ cid: value.cid, block: blockOf(source, value, wait) })
    }
  } catch (error) {
    state.failure = { error }
  }
}

function blockOf(source: BlockSource, { cid, bytes }: WalkedBlock, wait: Wait): Pending['block'] {
  if (bytes !== undefined) return { bytes, release: nothing }
  const block = borrowBlock(source, cid, wait)
  // It is awaited in its turn; until then its failure is not unhandled.
  if (block instanceof Promise) block.catch(nothing)
  return block
}

/** Undefined for a block that cannot be had, if somebody is told of those. */
async function settle({ cid, block }: Pending, { onMissing }: SectionOptions): Promise<BorrowedBlock | undefined> {
  try {
    return await block
  } catch (error) {
    if (onMissing === undefined || !isCairnError(error) || error.code === 'CANCELLED') throw error
    onMissing(cid, error)
    return undefined
  }
}
