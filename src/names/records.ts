// The record of a key: from memory while its time to live lasts, then the best of what is stored and what the network says.

import type { NameRecord, NameWait } from '../api/names.ts'
import type { Wait } from '../block/source.ts'
import { Lru } from '../dag/lru.ts'
import { CairnError, isCairnError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { KeyName } from './name.ts'
import { enforceQueue, orAbort } from './or-abort.ts'
import type { RecordStore } from './record-store.ts'
import { compareRecords, maxAgeSecs, validateRecord } from './validate.ts'

/** Asks the network for the record of a key; what it returns has still to be validated. NAME_NOT_FOUND, TIMEOUT, UNREACHABLE. */
export type FindRecord = (name: KeyName, options: Wait) => Promise<Uint8Array>

export interface RecordsOptions {
  readonly store: RecordStore
  /** Undefined while the node is offline. */
  readonly find: FindRecord | undefined
  readonly timeoutMs: number
}

export interface Records {
  get(name: KeyName, options: NameWait): Promise<NameRecord>
  put(name: KeyName, bytes: Uint8Array, options: Wait): Promise<NameRecord>
}

/** What the network said, and until when it need not be asked again, by the clock that does not jump. */
interface Found {
  readonly record: NameRecord | undefined
  readonly error: unknown
  readonly until: number
}

/** A record without a time to live is asked for again at once, but not for each of a thousand requests a second. */
const LEAST_MS = 1000

export function createRecords({ store, find, timeoutMs }: RecordsOptions): Records {
  const found = new Lru<string, Found>({ max: LIMITS.namesInMemory.value })
  const searching = new Map<string, Promise<Found>>()

  const stored = async (name: KeyName, wait: Wait): Promise<NameRecord | undefined> => {
    const bytes = store.get(name.text)
    if (bytes === undefined) return undefined
    try {
      return await validateRecord(name, bytes, wait)
    } catch (error) {
      // What has ended is as good as none for a node that can ask others.
      if (find !== undefined && isCairnError(error, 'BAD_RECORD')) return undefined
      throw error
    }
  }

  const search = async (name: KeyName, ask: FindRecord): Promise<Found> => {
    const signal = AbortSignal.timeout(timeoutMs)
    const before = found.get(name.text)?.record
    try {
      const record = await validateRecord(name, await ask(name, { signal }), { signal })
      const ms = Math.max(LEAST_MS, record.ttlSecs * 1000)
      return { record, error: undefined, until: performance.now() + Math.min(ms, LONGEST_MS) }
    } catch (error) {
      // Nobody answered: what was valid for longer than its time to live is better than nothing.
      const isOver = signal.aborted
      const reason = isOver
        ? new CairnError('TIMEOUT', `no record of ${name.text} came in time`, { cause: error })
        : error
      return { record: before, error: reason, until: performance.now() + LIMITS.dnsNegativeMs.value }
    }
  }

  /** Callers share a search, and each waits no longer than its own signal allows. */
  const fromNetwork = async (name: KeyName, ask: FindRecord, signal: AbortSignal): Promise<Found> => {
    const known = found.get(name.text)
    if (known !== undefined && performance.now() < known.until) return known
    let running = searching.get(name.text)
    if (running === undefined) {
      enforceQueue(searching.size, 'searches for IPNS records')
      running = search(name, ask).finally(() => searching.delete(name.text))
      searching.set(name.text, running)
    }
    const result = await orAbort(running, signal)
    found.set(name.text, result)
    return result
  }

  const get: Records['get'] = async (name, { signal, localOnly }) => {
    const own = await stored(name, { signal })
    const asked =
      find === undefined || localOnly === true ? found.get(name.text) : await fromNetwork(name, find, signal)
    const other = stillValid(asked)
    const best = own === undefined || (other !== undefined && compareRecords(own, other) < 0) ? other : own
    if (best !== undefined) return best
    if (asked?.error !== undefined && localOnly !== true) throw asked.error
    throw new CairnError('NAME_NOT_FOUND', `could not resolve name: there is no record of ${name.text} here`)
  }

  const put: Records['put'] = async (name, bytes, wait) => {
    const record = await validateRecord(name, bytes, wait)
    for (;;) {
      wait.signal.throwIfAborted()
      const before = store.get(name.text)
      if (before !== undefined && Buffer.compare(before, bytes) === 0) return record
      const older = before && (await validateRecord(name, before, wait).catch(() => undefined))
      if (older !== undefined && compareRecords(older, record) > 0)
        throw new CairnError('STALE_RECORD', `a newer record of ${name.text} is stored (sequence ${older.sequence})`)
      if (await store.replace(name.text, before, bytes)) return record
    }
  }
  return { get, put }
}

/** However long its publisher says: who publishes anew wants to be seen within a day. */
const LONGEST_MS = 86_400_000

/** With what is left of its time to live. */
function stillValid(found: Found | undefined): NameRecord | undefined {
  const record = found?.record
  const nowMs = Date.now()
  if (found === undefined || record === undefined || record.validUntilMs <= nowMs) return undefined
  const leftSecs = Math.max(0, Math.floor((found.until - performance.now()) / 1000))
  const ttlSecs = maxAgeSecs(record.ttlNs, record.validUntilMs, nowMs)
  return { ...record, ttlSecs: found.error === undefined ? Math.min(ttlSecs, leftSecs) : 0 }
}
