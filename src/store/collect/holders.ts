// Who holds space back: living operations, what is in grace, backups; each by its process, stopped ones too (spec: store §3).

import type { SpaceHolder } from '../../api/repo.ts'
import { isStopped } from '../holders.ts'
import type { Store } from '../store.ts'
import { isLeaseAlive } from '../write/leases.ts'

const MOST_LISTED = 100

interface LivingRow {
  readonly lease: number
  readonly pid: number
  readonly kind: string
  readonly since: number
}

/** Oldest first; what has ended and is in grace counts as one. */
export function listHolders({ database, path }: Store, graceMs: number): SpaceHolder[] {
  const alive = new Map<number, boolean>()
  const living = database
    .all<LivingRow>(
      `SELECT o.lease, l.pid, o.kind, o.started AS since FROM operations o JOIN leases l ON l.id = o.lease
       WHERE o.finished IS NULL ORDER BY o.epoch LIMIT ${MOST_LISTED}`,
    )
    .filter(({ lease }) => {
      if (!alive.has(lease)) alive.set(lease, isLeaseAlive(path, lease))
      return alive.get(lease) === true
    })
    .map(({ pid, kind, since }): SpaceHolder => {
      const why = kind === 'backup' ? 'backup' : 'operation'
      return { why, kind, pid, since, stopped: isStopped(pid), count: 1 }
    })
  const ended = database.get<{ count: number; since: number | null }>(
    'SELECT count(*) AS count, min(finished) AS since FROM operations WHERE finished > ?',
    Date.now() - graceMs,
  )
  if (ended === undefined || ended.since === null) return living
  return [...living, { why: 'grace', kind: '', since: ended.since, stopped: false, count: ended.count }]
}
