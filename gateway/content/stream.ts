// Bodies to the client: small ones in one piece with their length, large ones chunk by chunk at the client's pace.

import type { ServerResponse } from 'node:http'
import { CairnError } from '../../src/errors.ts'
import { KiB, MiB } from '../../src/units.ts'
import { hold, reserve } from './held.ts'
import type { Waiting } from './wait.ts'

const nothing = () => {}

/** Up to this an answer goes out in one piece, so that a failure on the way is still a clean error. */
export const ONE_PIECE_BYTES = 64 * KiB

export type Headers = Record<string, string | number>

export interface Message {
  readonly status: number
  /** Content-Length is added here. */
  readonly head: Headers
  /** Undefined if only the end will tell. */
  readonly sizeBytes: number | undefined
  /** All of it, if it is in memory already. */
  readonly atHand?: (() => Uint8Array | undefined) | undefined
  /** Nothing is held back to see whether it is all. */
  readonly isLive?: boolean | undefined
  /** With `reuses` a chunk may be overwritten when the next is asked for. */
  open(reuses: boolean): AsyncIterable<Uint8Array>
}

export interface Recipient {
  readonly outgoing: ServerResponse
  readonly request: { readonly isHead: boolean }
  readonly wait: Waiting
}

/**
 * Reads as far as it takes to know that the answer can begin, then sends it. A source that fails before that throws;
 * one that fails later throws too, and only a cut connection tells the client.
 */
export async function send(
  recipient: Recipient,
  { status, head, sizeBytes, atHand, isLive = false, open }: Message,
): Promise<void> {
  const { outgoing, request, wait } = recipient
  if (request.isHead && sizeBytes !== undefined) {
    head['Content-Length'] = sizeBytes
    outgoing.writeHead(status, head).end()
    return
  }
  const known = atHand?.()
  if (known !== undefined && known.byteLength === sizeBytes) {
    head['Content-Length'] = sizeBytes
    outgoing.writeHead(status, head).end(known)
    return
  }
  const isLarge = sizeBytes !== undefined && sizeBytes > ONE_PIECE_BYTES
  const reserved = isLarge ? reserve(outgoing, Math.min(sizeBytes, MiB)) : nothing
  try {
    const source = open(isLarge || sizeBytes === undefined)[Symbol.asyncIterator]()
    const { chunks, bytes, isWhole } = await readFirst(source, isLarge || isLive ? 0 : ONE_PIECE_BYTES)
    if (isWhole) {
      if (sizeBytes !== undefined) checkLength(bytes, sizeBytes)
      head['Content-Length'] = bytes
      outgoing.writeHead(status, head)
      if (request.isHead) outgoing.end()
      else outgoing.end(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks))
      return
    }
    if (sizeBytes !== undefined) head['Content-Length'] = sizeBytes
    outgoing.writeHead(status, head)
    if (request.isHead) {
      await source.return?.()
      outgoing.end()
      return
    }
    await pump({ outgoing, wait, chunks, source, sizeBytes, reserved })
  } finally {
    reserved()
  }
}

interface First {
  readonly chunks: readonly Uint8Array[]
  readonly bytes: number
  readonly isWhole: boolean
}

/** Until there is more than `most`, or the end. What is kept over another read is copied: its buffer may be used again. */
async function readFirst(source: AsyncIterator<Uint8Array>, most: number): Promise<First> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for (;;) {
    const { value, done } = await source.next()
    if (done === true) return { chunks, bytes, isWhole: true }
    bytes += value.byteLength
    if (bytes > most) return { chunks: [...chunks, value], bytes, isWhole: false }
    chunks.push(new Uint8Array(value))
  }
}

function checkLength(actualBytes: number, sizeBytes: number): void {
  if (actualBytes === sizeBytes) return
  throw new CairnError('BAD_BLOCK', `${sizeBytes} bytes were announced, there are ${actualBytes}`)
}

interface Pumping {
  readonly outgoing: ServerResponse
  readonly wait: Waiting
  readonly chunks: readonly Uint8Array[]
  readonly source: AsyncIterator<Uint8Array>
  readonly sizeBytes: number | undefined
  /** Gives back what was counted for the first chunk. */
  readonly reserved: () => void
}

/** The source is closed when this ends, however it ends. */
async function pump({ outgoing, wait, chunks, source, sizeBytes, reserved }: Pumping): Promise<void> {
  const client = writer(outgoing, reserved)
  let sent = 0
  const write = (chunk: Uint8Array): Promise<void> => {
    sent += chunk.byteLength
    if (sizeBytes !== undefined && sent > sizeBytes) checkLength(sent, sizeBytes)
    wait.forClient()
    return client.write(chunk)
  }
  try {
    for (const chunk of chunks) await write(chunk)
    for (;;) {
      wait.forNode()
      const { value, done } = await source.next()
      if (done === true) break
      await write(value)
    }
    if (sizeBytes !== undefined) checkLength(sent, sizeBytes)
    outgoing.end()
  } finally {
    client.close()
    await source.return?.()
  }
}

interface Writer {
  /** Resolves when the chunk has been handed to the kernel, so that its buffer may be used again. */
  write(chunk: Uint8Array): Promise<void>
  close(): void
}

function writer(outgoing: ServerResponse, reserved: () => void): Writer {
  const gone = (cause?: Error) => new CairnError('CANCELLED', 'the client closed the connection', { cause })
  let fail: ((reason: Error) => void) | undefined
  let release = reserved
  const onClose = () => {
    release()
    fail?.(gone())
  }
  outgoing.on('close', onClose)
  return {
    write: chunk =>
      new Promise((resolve, reject) => {
        fail = reject
        if (outgoing.destroyed) {
          reject(gone())
          return
        }
        release()
        release = hold(outgoing, chunk.byteLength)
        outgoing.write(chunk, error => {
          release()
          if (error) reject(gone(error))
          else resolve()
        })
      }),
    close: () => outgoing.off('close', onClose),
  }
}
