// The daemon's end of the channel to one worker: answers what it asks, as long as it wants to know.

import { CID } from 'multiformats/cid'
import type { CairnNode } from '../../src/api/node.ts'
import type { Wait } from '../../src/block/source.ts'
import { CairnError, isCairnError } from '../../src/errors.ts'
import { LIMITS } from '../../src/limits.ts'
import type { FindRecord } from '../../src/names/ask-all.ts'
import { parseKey } from '../../src/names/name.ts'
import type { Store } from '../../src/store/store.ts'
import { type FromDaemon, type FromWorker, packFailure, type Question } from './messages.ts'

/** The node that has the network. */
export type AskedNode = Pick<CairnNode, 'content' | 'routing' | 'swarm' | 'id'> & {
  readonly findRecords: FindRecord | undefined
  readonly store: Pick<Store, 'write'>
}

export interface DeskOptions {
  readonly node: AskedNode
  /** Calls back when the message has been handed to the kernel, or never will be. */
  readonly send: (message: FromDaemon, sent?: () => void) => void
}

export class Desk implements Disposable {
  readonly #options: DeskOptions
  readonly #running = new Map<number, AbortController>()
  /** Bytes of blocks that the worker has not taken yet. */
  #onTheirWay = 0

  constructor(options: DeskOptions) {
    this.#options = options
  }

  receive(message: Extract<FromWorker, { type: 'ask' | 'cancel' }>): void {
    if (message.type === 'ask') void this.#answer(message)
    else this.#running.get(message.id)?.abort(message.timedOut ? tooLate() : gone())
  }

  /** The worker has ended. */
  [Symbol.dispose](): void {
    for (const controller of this.#running.values()) controller.abort(gone())
  }

  async #answer(question: Question): Promise<void> {
    const { send } = this.#options
    const { id } = question
    const controller = new AbortController()
    this.#running.set(id, controller)
    try {
      for await (const event of this.#events(question, controller)) {
        // Nobody waits any more: sources that do not look at the signal are left, too.
        if (isCairnError(controller.signal.reason, 'CANCELLED')) throw controller.signal.reason
        this.#tell(id, event)
      }
      send({ type: 'end', id })
    } catch (error) {
      send({ type: 'end', id, failure: packFailure(error) })
    } finally {
      this.#running.delete(id)
    }
  }

  /** A worker that takes nothing must not fill the daemon's memory: what it could not be sent it finds in the repository. */
  #tell(id: number, event: unknown): void {
    const { send } = this.#options
    const bytes = event instanceof Uint8Array ? event.byteLength : 0
    if (bytes > 0 && this.#onTheirWay + bytes > LIMITS.workerAnswerBytes.value) {
      send({ type: 'event', id, event: null })
      return
    }
    this.#onTheirWay += bytes
    send({ type: 'event', id, event }, () => {
      this.#onTheirWay -= bytes
    })
  }

  async *#events(question: Question, wait: Wait): AsyncGenerator<unknown> {
    const { node } = this.#options
    switch (question.topic) {
      case 'block': {
        const { root, cid } = question.asked
        const source = node.content.blocks(CID.decode(root))
        try {
          yield await source.get(CID.decode(cid), wait)
        } catch (error) {
          const state = source.fetchState?.()
          if (state !== undefined) yield { state }
          throw error
        }
        return
      }
      case 'records':
        yield (await node.findRecords?.(parseKey(question.asked.key), wait)) ?? []
        return
      case 'noteUse':
        await node.store.write(question.asked)
        yield true
        return
      case 'id':
        yield await node.id(wait)
        return
      case 'peers':
        yield await node.swarm.peers(wait)
        return
      case 'providers':
        yield* node.routing.findProviders(CID.decode(question.asked.cid), wait)
        return
      case 'peer':
        yield* node.routing.findPeer(CID.decode(question.asked.cid), wait)
        return
      case 'closest':
        yield* node.routing.closestPeers(CID.decode(question.asked.cid), wait)
    }
  }
}

const gone = () => new CairnError('CANCELLED', 'nobody waits for it any more')
/** The name is what the network looks at to tell a time-out from a client that left. */
const tooLate = () => new DOMException('nothing came in time', 'TimeoutError')
