// Imports one input that comes as a stream: standard input, the body of a request.

import type { AddEvent } from '../../api/add.ts'
import { buildFile } from './build-file.ts'
import { inOrder } from './in-order.ts'
import type { LeafMaker } from './leaf.ts'
import { sealJobs } from './local-file.ts'
import { forFile } from './metadata.ts'
import { addedEvent, type InputWalk, type Slow, withProgress } from './tree-walk.ts'
import type { Child } from './writer.ts'

/** Leaves being hashed while the next bytes arrive. */
const AT_ONCE = 8

export class StreamWalk implements InputWalk {
  readonly events: AddEvent[] = []
  isDone = false
  root: Child | undefined
  readonly #maker: LeafMaker
  readonly #source: { readonly name: string; readonly content: AsyncIterable<Uint8Array> }
  readonly #signal: AbortSignal

  constructor(maker: LeafMaker, source: { name: string; content: AsyncIterable<Uint8Array> }, signal: AbortSignal) {
    this.#maker = maker
    this.#source = source
    this.#signal = signal
  }

  async *step(): Slow {
    const { name } = this.#source
    const metadata = forFile(this.#maker.writer.recipe.metadata.forced)
    const content = untilAborted(this.#source.content, this.#signal)
    const leaves = inOrder(sealJobs(this.#maker, content, metadata), AT_ONCE)
    const child = yield* withProgress(name, buildFile(this.#maker.writer, leaves, metadata))
    this.root = child
    this.isDone = true
    // Without a name it goes by its CID, as in Kubo.
    this.events.push(addedEvent(name || child.cid.toString(), child, metadata))
  }
}

/** Ends with the signal's reason, even while the source keeps silent. */
async function* untilAborted(content: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  aborted.catch(() => {})
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  const iterator = content[Symbol.asyncIterator]()
  let isDone = false
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), aborted])
      if (next.done === true) {
        isDone = true
        return
      }
      yield next.value
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    // Not awaited: a silent source would not answer this either.
    if (!isDone) Promise.resolve(iterator.return?.()).catch(() => {})
  }
}
