// The pack files against their rows: each there, as long as what was committed, readable from record to record, and none that nobody knows.

import { closeSync, existsSync, openSync, readdirSync, statSync } from 'node:fs'
import { formatSize, MiB } from '../../units.ts'
import { packFile, repoPaths } from '../paths.ts'
import { isLeaseAlive } from '../write/leases.ts'
import {
  type CheckContext,
  type CheckEvents,
  errorFound,
  type Finding,
  mended,
  notDone,
  noted,
} from './check-context.ts'
import { walkPack } from './pack-walk.ts'
import { buryDead } from './repair-files.ts'
import { removeOrphanPack } from './repair-packs.ts'
import { rememberPack } from './repair-plan.ts'

interface PackRow {
  readonly id: number
  readonly owner: number | null
  readonly committed: number
  readonly sealed: number
}

const SELECT_PACK = 'SELECT id, owner, committed, sealed FROM packs'
/** Below this a pack is cheap to write anew, and collections merge such packs anyway. */
const SMALL_BYTES = 16 * MiB

export async function* checkPackFiles(context: CheckContext): CheckEvents {
  for (const pack of context.store.database.all<PackRow>(`${SELECT_PACK} ORDER BY id`)) {
    await context.pace()
    yield* checkPack(context, pack)
  }
}

/** Not before what was lost elsewhere has been looked for in them. */
export async function* checkOrphanPacks(context: CheckContext): CheckEvents {
  const { packs } = repoPaths(context.path)
  for (const name of existsSync(packs) ? readdirSync(packs) : []) {
    await context.pace()
    const id = Number(/^(\d+)\.pack$/.exec(name)?.[1] ?? Number.NaN)
    if (Number.isNaN(id)) {
      const found = noted('unknown-file', `packs/${name} is nothing that Cairn makes`)
      yield await mended(context, found, () => notDone('it may be dear to somebody'))
    } else if (isOrphan(context, id)) {
      const found = errorFound('orphan-pack', `packs/${name} belongs to no pack of the index`)
      yield await mended(context, found, () => removeOrphanPack(context, id))
    }
  }
}

/** What is unlinked in this moment is no orphan; one that is made has a row before it has a file. */
const isOrphan = ({ store, path }: CheckContext, id: number): boolean =>
  store.database.get('SELECT 1 FROM packs WHERE id = ?', id) === undefined &&
  statSync(packFile(path, id), { throwIfNoEntry: false }) !== undefined

async function* checkPack(context: CheckContext, pack: PackRow): CheckEvents {
  const { store, path } = context
  const { id } = pack
  const size = statSync(packFile(path, id), { throwIfNoEntry: false })?.size
  const now = store.database.get<PackRow>(`${SELECT_PACK} WHERE id = ?`, id)
  const isDead = store.database.get('SELECT 1 FROM dead WHERE pack = ?', id) !== undefined
  if (now === undefined || isDead) return
  // It may have grown since, never shrunk.
  const { committed } = pack
  if (size === undefined && committed > 0)
    yield* rewritten(context, id, errorFound('missing-pack', `pack ${id} has no file`))
  if (size !== undefined && size < committed) {
    const what = `pack ${id} has ${size} of the ${committed} bytes that were committed to it`
    yield* rewritten(context, id, errorFound('short-pack', what))
  }
  const isAlive = now.owner !== null && isLeaseAlive(path, now.owner)
  if (now.owner !== null && !isAlive) {
    const { owner } = now
    const found = noted('unsealed-pack', `pack ${id} belongs to a process that has died`)
    yield await mended(context, found, () => buryDead(context, owner))
  }
  if (!isAlive && size !== undefined && size > now.committed) yield* checkTail(context, now, size)
  if (context.readData && size !== undefined) yield* checkRecords(context, id, Math.min(size, committed))
}

async function* checkTail(context: CheckContext, { id, committed }: PackRow, sizeBytes: number): CheckEvents {
  const tail = sizeBytes - committed
  const found = noted('pack-tail', `pack ${id} has ${formatSize(tail)} behind its committed end`)
  // Nobody truncates a pack (spec: store §4.3).
  if (committed < SMALL_BYTES || tail > committed / 4) yield* rewritten(context, id, found)
  else yield await mended(context, found, () => notDone('the space comes back when a collection moves the pack'))
}

/** The index needs none of it; a rebuild of the index does. */
async function* checkRecords(context: CheckContext, id: number, endBytes: number): CheckEvents {
  const fd = openSync(packFile(context.path, id), 'r')
  try {
    for (const { kind, start, end } of walkPack(fd, endBytes)) {
      await context.pace()
      if (kind !== 'garbled') continue
      const what = `pack ${id} cannot be read from record to record between ${start} and ${end}`
      yield* rewritten(context, id, noted('garbled-pack', what))
    }
  } finally {
    closeSync(fd)
  }
}

/** Told when it is known what became of the pack. */
async function* rewritten({ repair }: CheckContext, id: number, found: Finding): CheckEvents {
  if (repair === undefined) yield found
  else rememberPack(repair, id, found)
}
