// Commits without a pause until it is told to stop; tells the longest wait for one, and how many there were. Arguments: repository, WAL limit.

import { openDatabase } from '../../src/store/database/database.ts'
import { repoPaths } from '../../src/store/paths.ts'

const [path = '', limit = '0', rowBytes = '100000'] = process.argv.slice(2)
let stop = false
process.on('message', () => {
  stop = true
})
const warned: string[] = []
const log = {
  error() {},
  info() {},
  debug() {},
  trace() {},
  enabled: () => true,
  warn: (message: string) => void warned.push(message),
  part: () => log,
}
const database = openDatabase(repoPaths(path).database, { walLimitBytes: Number(limit), log })
const bytes = new Uint8Array(Number(rowBytes)).fill(7)
let [commits, worstMs] = [0, 0]
while (!stop) {
  const startedAt = performance.now()
  await database.transact(tx => {
    tx.run('DELETE FROM data WHERE id < 0')
    for (let row = 0; row < 10; row++) tx.run('INSERT OR REPLACE INTO data (id, bytes) VALUES (?, ?)', -1 - row, bytes)
  })
  worstMs = Math.max(worstMs, performance.now() - startedAt)
  commits++
  await new Promise(resolve => setImmediate(resolve))
  if (!process.connected) stop = true
}
await database.transact(tx => tx.run('DELETE FROM data WHERE id < 0'))
database[Symbol.dispose]()
process.send?.({ commits, worstMs, warned: warned.length })
process.disconnect?.()
