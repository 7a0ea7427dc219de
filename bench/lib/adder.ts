// A second process that writes: adds small files, one after the other, to a repository that others use, and tells how long each took.

import { randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { loadConfig } from '../../src/config/load.ts'
import { openNode } from '../../src/node/open.ts'
import { SILENT } from '../../src/observe/log.ts'

/** When it began and how long it took, in ms of the wall clock. */
export interface AddTime {
  readonly at: number
  readonly ms: number
}

const [repo = '', pauseMs = '10'] = process.argv.slice(2)
const { signal } = new AbortController()
const { config } = loadConfig({ repo, env: process.env })
await using node = await openNode({ repo, config, log: SILENT, role: 'command', network: 'never' })
let stopping = false
process.on('disconnect', () => {
  stopping = true
})

async function* oneChunk(): AsyncGenerator<Uint8Array> {
  yield randomBytes(1024)
}

while (!stopping) {
  const startedAt = performance.now()
  for await (const event of node.add([{ kind: 'stream', name: 'file', content: oneChunk() }], { signal })) {
    if (event.type === 'failed') throw event.error
  }
  const time: AddTime = { at: startedAt + performance.timeOrigin, ms: performance.now() - startedAt }
  if (process.connected) process.send?.(time)
  await setTimeout(Number(pauseMs))
}
