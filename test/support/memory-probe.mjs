// Preloaded into a daemon under test: on SIGUSR2 it collects its garbage and writes what it holds beside the repository.

import { writeFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { isMainThread } from 'node:worker_threads'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')

if (isMainThread && process.env.TEST_MEMORY_FILE !== undefined)
  process.on('SIGUSR2', () => {
    collect()
    // Array buffers are part of what is external.
    const { heapUsed, external } = process.memoryUsage()
    writeFileSync(process.env.TEST_MEMORY_FILE, JSON.stringify({ heldBytes: heapUsed + external, heapBytes: heapUsed }))
  })
