// What processes left half-written when they died: removed by every collection and by a daemon as it starts (spec: store §4.4).

import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { removeDeadTemps } from '../write/files.ts'
import { isLeaseAlive } from '../write/leases.ts'

/** Beside the database: `config.json.<pid>.tmp`, written by processes that may hold no lease. */
const TEMP = /\.(\d+)(-[\w-]+)?\.tmp$/

/** Returns how many there were. */
export function clearLeftovers(path: string): number {
  let removed = removeDeadTemps(path, lease => isLeaseAlive(path, lease))
  for (const name of readdirSync(path)) {
    const pid = Number(TEMP.exec(name)?.[1] ?? Number.NaN)
    // A number that another process has by now spares the file until that one has ended.
    if (Number.isNaN(pid) || isRunning(pid)) continue
    rmSync(join(path, name), { force: true })
    removed++
  }
  return removed
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
