// Which roots the network is told about: complete pins, at the start, again within the life of a provider record, and as they come.

import { CID } from 'multiformats/cid'
import type { Denylist } from '../policy/denylist.ts'
import { PIN_STATUSES } from '../store/database/schema.ts'
import type { Store } from '../store/store.ts'

/** Provider records live 48 h in the DHT; half of that and a reserve, as Kubo has it. */
const AGAIN_MS = 22 * 3600e3
/** Commits come in bursts; one look at the pins serves a whole burst. */
const QUIET_MS = 1000
const PAGE = 1000
const PINNED = PIN_STATUSES.indexOf('pinned')

export interface AnnounceOptions {
  readonly store: Store
  readonly denylist: Denylist
  readonly announce: (cids: readonly CID[]) => void
  /** Of what was announced before and is denied now. */
  readonly withdraw: (cid: CID) => void
  readonly signal: AbortSignal
}

/** Announces until `signal` says stop. What is announced is durable: its pin row says `pinned`. */
export function announceRoots({ store, denylist, announce, withdraw, signal }: AnnounceOptions): void {
  let lastId = 0
  let incomplete: number[] = []
  let timer: NodeJS.Timeout | undefined

  const look = () => {
    timer = undefined
    const rows = [...again(store, incomplete), ...newPins(store, lastId)]
    lastId = rows.reduce((most, { id }) => Math.max(most, id), lastId)
    incomplete = rows.filter(({ status }) => status !== PINNED).map(({ id }) => id)
    const complete = rows
      .filter(({ status }) => status === PINNED)
      .map(({ cid }) => CID.decode(cid))
      .filter(cid => !denylist.isRefused({ cid }, 'announce'))
    if (complete.length > 0) announce(complete)
  }
  const soon = () => {
    timer ??= setTimeout(look, QUIET_MS).unref()
  }
  const stopListening = store.onCommit(soon)
  const forgetDenied = denylist.onChange(() => {
    if (!denylist.isActive) return
    for (const cid of allPinned(store)) if (denylist.check({ cid }) !== undefined) withdraw(cid)
  })
  const everyDay = setInterval(() => {
    lastId = 0
    incomplete = []
    soon()
  }, AGAIN_MS).unref()
  signal.addEventListener('abort', () => {
    stopListening()
    forgetDenied()
    clearInterval(everyDay)
    clearTimeout(timer)
  })
  soon()
}

interface PinRow {
  readonly id: number
  readonly cid: Uint8Array
  readonly status: number
}

/** Pins that were on their way when last seen; those that are gone drop out. */
function again(store: Store, ids: readonly number[]): PinRow[] {
  return ids.flatMap(id => store.database.get<PinRow>('SELECT id, cid, status FROM pins WHERE id = ?', id) ?? [])
}

function newPins(store: Store, afterId: number): PinRow[] {
  const found: PinRow[] = []
  for (let last = afterId; ; ) {
    const page = store.database.all<PinRow>(
      'SELECT id, cid, status FROM pins WHERE id > ? ORDER BY id LIMIT ?',
      last,
      PAGE,
    )
    found.push(...page)
    if (page.length < PAGE) return found
    last = page.at(-1)?.id ?? last
  }
}

function* allPinned(store: Store): Generator<CID> {
  for (const { cid, status } of newPins(store, 0)) if (status === PINNED) yield CID.decode(cid)
}
