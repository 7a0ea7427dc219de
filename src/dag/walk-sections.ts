// A walk with the bytes of every block: leaves are read a few ahead and come in their order, in pooled buffers if wanted.

import type { CID } from 'multiformats/cid'
import type { BlockSource, BorrowedBlock, Wait } from '../block/source.ts'
import { isCairnError } from '../errors.ts'
import { borrowBlock, loadBlock } from './blocks.ts'
import { type WalkOptions, walkDag } from './walk.ts'

/** Leaves in flight; more gained nothing on disks measured. */
const READ_AHEAD = 6

export interface Section {
  readonly cid: CID
  readonly bytes: Uint8Array
  /** To be called once, when nothing reads `bytes` any more. */
  release(): void
}

export interface SectionOptions extends Omit<WalkOptions, 'readLeaves'> {
  readonly reuse: boolean
}

interface Pending {
  readonly cid: CID
  readonly block: BorrowedBlock | Promise<BorrowedBlock>
}

const nothing = () => {}

export async function* walkSections(source: BlockSource, root: CID, options: SectionOptions): AsyncGenerator<Section> {
  const stop = new AbortController()
  const wait = { signal: AbortSignal.any([options.signal, stop.signal]) }
  const walk = walkDag(source, root, options)
  const pending: Pending[] = []
  let failure: { readonly error: unknown } | undefined
  let isWalked = false
  try {
    for (;;) {
      while (!isWalked && failure === undefined && pending.length < READ_AHEAD) {
        try {
          const { value, done } = await walk.next()
          if (done === true) isWalked = true
          else
            pending.push({
              cid: value.cid,
              block: value.bytes === undefined ? read(source, value.cid, { ...options, ...wait }) : owned(value.bytes),
            })
        } catch (error) {
          // What comes before it is still good.
          failure = { error }
        }
      }
      const next = pending.shift()
      if (next === undefined) break
      const block = await settle(next, options)
      if (block !== undefined) yield { cid: next.cid, bytes: block.bytes, release: () => block.release() }
    }
    if (failure !== undefined) throw failure.error
  } finally {
    stop.abort()
    await walk.return(undefined)
    for (const { block } of pending) {
      if (block instanceof Promise) block.then(({ release }) => release(), nothing)
      else block.release()
    }
  }
}

const owned = (bytes: Uint8Array): BorrowedBlock => ({ bytes, release: nothing })

/** A failure comes when the block's turn comes. */
function read(source: BlockSource, cid: CID, options: SectionOptions & Wait): BorrowedBlock | Promise<BorrowedBlock> {
  if (options.reuse) {
    const block = borrowBlock(source, cid, options)
    if (block instanceof Promise) block.catch(nothing)
    return block
  }
  const bytes = loadBlock(source, cid, options)
  if (!(bytes instanceof Promise)) return owned(bytes)
  const block = bytes.then(owned)
  block.catch(nothing)
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
