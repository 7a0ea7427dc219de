// A worker's end of the channel: questions to the daemon, their answers, and how they are given up.

import type { CID } from 'multiformats/cid'
import type { RoutingApi } from '../../src/api/routing.ts'
import type { Wait } from '../../src/block/source.ts'
import { CairnError } from '../../src/errors.ts'
import { LIMITS } from '../../src/limits.ts'
import type { Upstream } from '../../src/node/reader.ts'
import {
  type FromDaemon,
  type FromWorker,
  type Question,
  type Questions,
  type Topic,
  unpackFailure,
} from './messages.ts'

/** Who ran out of patience waits so much longer, to hear what was tried. */
const LAST_WORDS_MS = 1000
const NOTE_MS = 5000

interface Waiting {
  readonly events: unknown[]
  end: { readonly error: CairnError | undefined } | undefined
  wake: () => void
}

export class Line {
  readonly #send: (message: FromWorker) => void
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0

  constructor(send: (message: FromWorker) => void) {
    this.#send = send
  }

  receive(message: Extract<FromDaemon, { type: 'event' | 'end' }>): void {
    const waiting = this.#waiting.get(message.id)
    // Given up meanwhile.
    if (waiting === undefined) return
    if (message.type === 'event') waiting.events.push(message.event)
    else waiting.end = { error: message.failure && unpackFailure(message.failure) }
    waiting.wake()
  }

  async *ask<T extends Topic>(
    topic: T,
    asked: Questions[T]['asked'],
    { signal }: Wait,
  ): AsyncGenerator<Questions[T]['event']> {
    signal.throwIfAborted()
    if (this.#waiting.size >= LIMITS.workerQuestions.value)
      throw new CairnError('TOO_MANY_REQUESTS', 'this node asks its peers for too much at once')
    const id = ++this.#lastId
    const waiting: Waiting = { events: [], end: undefined, wake: () => {} }
    this.#waiting.set(id, waiting)
    let hasLeft = false
    const patience = new Patience(signal, () => waiting.wake())
    try {
      this.#send({ type: 'ask', id, topic, asked } as Question)
      for (;;) {
        while (waiting.events.length > 0) yield waiting.events.shift() as Questions[T]['event']
        if (waiting.end !== undefined) {
          if (waiting.end.error !== undefined) throw waiting.end.error
          return
        }
        if (patience.isOver) throw signal.reason
        if (patience.isEnding && !hasLeft) this.#cancel(id, true)
        hasLeft = patience.isEnding
        await new Promise<void>(resolve => {
          waiting.wake = resolve
        })
      }
    } finally {
      patience[Symbol.dispose]()
      this.#waiting.delete(id)
      if (waiting.end === undefined) this.#cancel(id, false)
    }
  }

  /** The only event of an answer. */
  async one<T extends Topic>(topic: T, asked: Questions[T]['asked'], wait: Wait): Promise<Questions[T]['event']> {
    // Read to its end, which comes with it: what is left before that is cancelled.
    const [event] = await Array.fromAsync(this.ask(topic, asked, wait))
    if (event === undefined) throw new CairnError('INTERNAL', `the daemon said nothing to "${topic}"`)
    return event
  }

  #cancel(id: number, timedOut: boolean): void {
    this.#send({ type: 'cancel', id, timedOut })
  }
}

/** A client that has gone hears nothing more; one whose time is up may still hear why. */
class Patience implements Disposable {
  readonly #signal: AbortSignal
  readonly #onChange: () => void
  #timer: NodeJS.Timeout | undefined
  isOver = false
  isEnding = false

  constructor(signal: AbortSignal, onChange: () => void) {
    this.#signal = signal
    this.#onChange = onChange
    signal.addEventListener('abort', this.#aborted, { once: true })
  }

  readonly #aborted = (): void => {
    this.isEnding = (this.#signal.reason as Error).name === 'TimeoutError'
    if (this.isEnding) this.#timer = setTimeout(this.#end, LAST_WORDS_MS)
    else this.isOver = true
    this.#onChange()
  }

  readonly #end = (): void => {
    this.isOver = true
    this.#onChange()
  };

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.#signal.removeEventListener('abort', this.#aborted)
  }
}

/** The daemon as the node of a worker sees it. */
export function upstreamOver(line: Line): Upstream {
  const routed = (topic: 'providers' | 'peer' | 'closest') => (cid: CID, wait: Wait) =>
    line.ask(topic, { cid: cid.bytes }, wait)
  const routing: RoutingApi = {
    findProviders: routed('providers'),
    findPeer: routed('peer'),
    closestPeers: routed('closest'),
  }
  return {
    block: async (root, cid, { signal, onState }) => {
      let bytes: Uint8Array | undefined
      for await (const event of line.ask('block', { root: root.bytes, cid: cid.bytes }, { signal })) {
        if (event instanceof Uint8Array) bytes = event
        else if (event !== null) onState(event.state)
      }
      return bytes
    },
    records: (name, wait) => line.one('records', { key: name.text }, wait),
    routing,
    noteUse: async statements => {
      await line.one('noteUse', statements, { signal: AbortSignal.timeout(NOTE_MS) })
    },
    id: wait => line.one('id', null, wait),
    peers: wait => line.one('peers', null, wait),
  }
}
