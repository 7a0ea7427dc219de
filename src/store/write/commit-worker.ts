// The commit thread: a long-lived process writes from here, so that its main thread only reads (spec: store §2.2).

import { parentPort, workerData } from 'node:worker_threads'
import { relayLogger } from '../../observe/log-relay.ts'
import { openDatabase } from '../database/database.ts'
import { StopGate } from '../database/stop-gate.ts'
import { memoriesOf } from './commit-message.ts'
import { Committer } from './committer.ts'
import { packOutcome, type ThreadReply, type ThreadRequest, type ThreadStart } from './thread-message.ts'

const { path, file, maxBytes, gate, logLevel } = workerData as ThreadStart
const log = relayLogger(logLevel, record => send({ type: 'log', record }))
const database = openDatabase(file, { waiting: 'block', gate: new StopGate(gate), log })
const committer = new Committer({ path, database, maxBytes, growReserve: true })

function send(reply: ThreadReply, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(reply, transfer)
}

parentPort?.on('message', async (request: ThreadRequest) => {
  if (request.type === 'commit') {
    const reply = await committer.commit(request.message)
    send({ type: 'committed', images: reply.images, result: packOutcome(reply) }, memoriesOf(reply.images))
    return
  }
  try {
    await committer[Symbol.asyncDispose]()
  } finally {
    database[Symbol.dispose]()
    send({ type: 'closed' })
    parentPort?.close()
  }
})
