// The main thread's end of the hash threads of one import: started for the first file that is worth it, ended with the import.

import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { CairnError } from '../../errors.ts'
import type { HashedBlocks, HashReply, HashRequest, ThreadMessage } from './hash-message.ts'

/** In the bundle the thread is a file of its own beside the others. */
const ENTRY = new URL(import.meta.url.endsWith('.ts') ? './hash-worker.ts' : './hash-worker.js', import.meta.url)

/** With two the main thread, which stores, is the slowest part. */
const MOST_THREADS = 2

interface Thread {
  readonly worker: Worker
  readonly waiting: Map<number, PromiseWithResolvers<HashedBlocks>>
}

export class HashThreads implements Disposable {
  readonly #workers: Worker[] = []
  readonly #ready: Thread[] = []
  /** Memory that has been touched before: fresh pages cost more than filling them. */
  readonly #free: ArrayBuffer[] = []
  #lastId = 0

  /** They can be used some time later, or never if they cannot be had. */
  start(): void {
    if (this.#workers.length > 0) return
    const count = Math.min(MOST_THREADS, availableParallelism())
    for (let i = 0; i < count; i++) this.#workers.push(this.#startWorker())
  }

  get isReady(): boolean {
    return this.#ready.length > 0
  }

  takeMemory(sizeBytes: number): ArrayBuffer {
    const last = this.#free.pop()
    return last !== undefined && last.byteLength === sizeBytes ? last : new ArrayBuffer(sizeBytes)
  }

  giveBack(memory: ArrayBuffer): void {
    this.#free.push(memory)
  }

  /** Moves the memory there and back; it is lost if this rejects with what the file system says. */
  readAndHash(request: Omit<HashRequest, 'id'>): Promise<HashedBlocks> {
    const [first, second = first] = this.#ready
    const thread =
      second !== undefined && first !== undefined && second.waiting.size < first.waiting.size ? second : first
    if (thread === undefined) return Promise.reject(ended(undefined))
    const id = ++this.#lastId
    const result = Promise.withResolvers<HashedBlocks>()
    // The process must not end before it is answered; an idle thread keeps nothing alive.
    if (thread.waiting.size === 0) thread.worker.ref()
    thread.waiting.set(id, result)
    thread.worker.postMessage({ ...request, id } satisfies HashRequest, [request.memory])
    return result.promise
  }

  #startWorker(): Worker {
    const worker = new Worker(ENTRY, { name: 'cairn-hash' })
    const thread: Thread = { worker, waiting: new Map() }
    worker.unref()
    worker.on('message', (message: ThreadMessage) => {
      if (message !== 'ready') settle(thread, message)
      // It may still start when all have been told to end.
      else if (this.#workers.includes(worker)) this.#ready.push(thread)
    })
    worker.on('error', cause => this.#lose(thread, cause))
    worker.on('exit', () => this.#lose(thread, undefined))
    return worker
  }

  /** What comes after that is done by the other thread, or on the main one. */
  #lose(thread: Thread, cause: unknown): void {
    const at = this.#ready.indexOf(thread)
    if (at >= 0) this.#ready.splice(at, 1)
    for (const { reject } of thread.waiting.values()) reject(ended(cause))
    thread.waiting.clear()
  }

  [Symbol.dispose](): void {
    this.#ready.length = 0
    this.#free.length = 0
    for (const worker of this.#workers.splice(0)) void worker.terminate()
  }
}

const ended = (cause: unknown): CairnError => new CairnError('INTERNAL', 'a thread that hashes has ended', { cause })

function settle({ worker, waiting }: Thread, reply: HashReply): void {
  const result = waiting.get(reply.id)
  waiting.delete(reply.id)
  if (waiting.size === 0) worker.unref()
  if ('memory' in reply) result?.resolve(reply)
  else result?.reject(Object.assign(new Error(reply.error.message), { code: reply.error.code }))
}
