// Gives blocks their CIDs and hands them to the sink; knows when the work must pause for the sink or for the rest of the process.

import { hash as nodeHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { DAG_PB, isIdentity, type RAW } from '../../block/cid.ts'
import { hashByCode, IDENTITY, SHA2_256 } from '../../block/hash.ts'
import type { BlockSink } from '../../block/source.ts'
import { enforce } from '../../limits.ts'
import type { Recipe } from './recipe.ts'

export type Codec = typeof RAW | typeof DAG_PB

/** A finished node, as the link to it needs it. */
export interface Child {
  readonly cid: CID
  /** Content below it, for files. */
  readonly fileBytes: number
  /** All blocks below it and its own (`Tsize`). */
  readonly totalBytes: number
}

export interface Block {
  readonly codec: Codec
  readonly bytes: Uint8Array<ArrayBuffer>
  /** CRC-32 of the bytes, if it is known. */
  readonly crc?: number | undefined
  readonly release?: (() => void) | undefined
}

/** From here on a digest on another thread is cheaper than one on this. */
export const OFF_THREAD_BYTES = 64 * 1024

/** Signals, timers and other work of the process wait no longer than this for a stretch of synchronous work. */
const STRETCH_MS = 20

export class BlockWriter {
  readonly recipe: Recipe
  readonly #sink: BlockSink
  readonly #signal: AbortSignal
  #pending: Promise<unknown> | undefined
  #pausedAt = performance.now()

  constructor({ recipe, sink, signal }: { recipe: Recipe; sink: BlockSink; signal: AbortSignal }) {
    this.recipe = recipe
    this.#sink = sink
    this.#signal = signal
  }

  /** Asked between blocks: if true, `await pause()` before the next. */
  get mustPause(): boolean {
    return this.#pending !== undefined || performance.now() - this.#pausedAt > STRETCH_MS
  }

  /** Waits for room in the sink and lets the event loop turn; throws if the import was cancelled. */
  async pause(): Promise<void> {
    const pending = this.#pending
    this.#pending = undefined
    await pending
    if (performance.now() - this.#pausedAt > STRETCH_MS) {
      await setImmediate()
      this.#pausedAt = performance.now()
    }
    this.#signal.throwIfAborted()
  }

  get wantsCrc(): boolean {
    return this.#sink.wantsCrc === true
  }

  cidOf(codec: Codec, bytes: Uint8Array): CID {
    const { hash, inlineLimit } = this.recipe
    if (bytes.length <= inlineLimit || hash === IDENTITY) return identityCid(codec, bytes)
    const digest = hash === SHA2_256 ? nodeHash('sha256', bytes, 'buffer') : hashByCode(hash).digest(bytes)
    return this.cidWith(codec, digest)
  }

  /** As `cidOf`, off this thread where that pays. */
  cidOfLarge(codec: Codec, bytes: Uint8Array<ArrayBuffer>): CID | Promise<CID> {
    if (bytes.length < OFF_THREAD_BYTES || this.recipe.hash !== SHA2_256) return this.cidOf(codec, bytes)
    return crypto.subtle.digest('SHA-256', bytes).then(digest => this.cidWith(codec, new Uint8Array(digest)))
  }

  /** For bytes whose digest is known. */
  cidWith(codec: Codec, digest: Uint8Array): CID {
    const { hash, cidVersion } = this.recipe
    if (codec === DAG_PB && cidVersion === 0) return CID.createV0(create(SHA2_256, digest))
    return CID.createV1(codec, create(hash, digest))
  }

  put(cid: CID, { bytes, crc, release }: Block, hasLinks: boolean): void {
    if (isIdentity(cid)) {
      release?.()
      return
    }
    const known = { ...(crc !== undefined && { crc }), ...(release !== undefined && { release }) }
    const wait = this.#sink.put({ cid, bytes, hasLinks, ...known })
    if (wait === undefined) return
    // It is awaited by the next pause, which an import that ends early never reaches.
    wait.catch(() => {})
    this.#pending = this.#pending === undefined ? wait : Promise.all([this.#pending, wait])
  }

  /** Hashes and puts a node that has, or could have, links. */
  node(
    bytes: Uint8Array<ArrayBuffer>,
    { fileBytes, belowBytes, hasLinks }: { fileBytes: number; belowBytes: number; hasLinks: boolean },
  ): Child {
    enforce('blockBytes', bytes.length, 'node with many links')
    const cid = this.cidOf(DAG_PB, bytes)
    this.put(cid, { codec: DAG_PB, bytes }, hasLinks)
    return { cid, fileBytes, totalBytes: bytes.length + belowBytes }
  }
}

function identityCid(codec: Codec, bytes: Uint8Array): CID {
  enforce('identityBytes', bytes.length, 'block to inline')
  return CID.createV1(codec, create(IDENTITY, new Uint8Array(bytes)))
}
