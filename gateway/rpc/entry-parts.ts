// The parts of an `add` as entries of a tree, and what is to be told of them when they come back as events.

import type { SourceEntry } from '../../src/api/add.ts'
import { failure } from './errors.ts'
import { parseInteger } from './go-values.ts'
import type { BodyPart } from './multipart.ts'

export interface PartMetadata {
  /** With Go's type bits, as it was sent; 0 if it was not. */
  readonly mode: number
  readonly mtime: number
  readonly nsecs: number
}

interface Top {
  readonly name: string
  readonly metadata: PartMetadata
}

const NONE: PartMetadata = { mode: 0, mtime: 0, nsecs: 0 }
const RANGE = { min: BigInt(Number.MIN_SAFE_INTEGER), max: BigInt(Number.MAX_SAFE_INTEGER) }

export class EntryParts {
  readonly #parts: AsyncIterable<BodyPart>
  /** The events of one top-level part may come when the next has begun, not later. */
  #tops: readonly Top[] = []
  #file: { readonly name: string; bytes: number } | undefined

  constructor(parts: AsyncIterable<BodyPart>) {
    this.#parts = parts
  }

  async *entries(): AsyncGenerator<SourceEntry> {
    let isEmpty = true
    for await (const part of this.#parts) {
      isEmpty = false
      const metadata = metadataOf(part)
      this.#begin(part, metadata)
      const { mode, mtime, nsecs } = metadata
      yield {
        path: part.path,
        kind: part.kind,
        content: this.#counted(part.content),
        ...(mode === 0 ? {} : { mode }),
        ...(mtime === 0 ? {} : { mtime: { secs: BigInt(mtime), nsecs } }),
      }
    }
    if (isEmpty) throw failure('expected a file argument')
  }

  /** Length of the file just added; undefined for folders and symlinks. */
  takeFileBytes(name: string): number | undefined {
    const file = this.#file
    if (file === undefined || (file.name !== '' && file.name !== name)) return undefined
    this.#file = undefined
    return file.bytes
  }

  metadataOf(name: string): PartMetadata {
    const top = name.split('/')[0]
    return this.#tops.find(known => known.name === top)?.metadata ?? NONE
  }

  #begin({ kind, path }: BodyPart, metadata: PartMetadata): void {
    this.#file = kind === 'file' ? { name: path.join('/'), bytes: 0 } : undefined
    const name = path[0] ?? ''
    const isSame = path.length > 1 && this.#tops[0]?.name === name
    if (!isSame) this.#tops = [{ name, metadata: path.length > 1 ? NONE : metadata }, ...this.#tops.slice(0, 1)]
  }

  async *#counted(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const file = this.#file
    for await (const piece of content) {
      if (file !== undefined) file.bytes += piece.byteLength
      yield piece
    }
  }
}

function metadataOf({ metadata }: BodyPart): PartMetadata {
  const number = (key: string) => parseInteger(metadata.get(key) ?? '', RANGE) ?? 0
  return { mode: number('mode'), mtime: number('mtime'), nsecs: number('mtime-nsecs') }
}
