// A hash thread: reads pieces of a file into blocks and takes their digests, while the main thread stores others.

import { hash } from 'node:crypto'
import { readSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { crc32 } from 'node:zlib'
import type { HashedBlock, HashRequest, ThreadMessage, UnreadBlock } from './hash-message.ts'

function readAndHash({ descriptor, memory, blocks, withCrc }: HashRequest): HashedBlock[] {
  const hashed: HashedBlock[] = []
  for (const block of blocks) {
    if (!readContent(descriptor, memory, block)) break
    const bytes = new Uint8Array(memory, block.blockStart, block.blockBytes)
    const digest = new Uint8Array(hash('sha256', bytes, 'buffer'))
    hashed.push({ digest, crc: withCrc ? crc32(bytes) : undefined })
  }
  return hashed
}

/** False if the file ends before that. A read may be short without being the last. */
function readContent(descriptor: number, memory: ArrayBuffer, block: UnreadBlock): boolean {
  const { position, contentStart, contentBytes } = block
  const into = new Uint8Array(memory, contentStart, contentBytes)
  for (let done = 0; done < contentBytes; ) {
    const count = readSync(descriptor, into, done, contentBytes - done, position + done)
    if (count === 0) return false
    done += count
  }
  return true
}

/** It has loaded: from now on work given to it is in good hands. */
parentPort?.postMessage('ready' satisfies ThreadMessage)
parentPort?.on('message', (request: HashRequest) => {
  const { id, memory } = request
  const send = (reply: ThreadMessage, transfer: ArrayBuffer[]): void => parentPort?.postMessage(reply, transfer)
  try {
    send({ id, memory, hashed: readAndHash(request) }, [memory])
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    send({ id, error: { code, message } }, [])
  }
})
