// The record of a key: the newest of what is stored here and what others say, remembered for as long as it wants.

import type { NameRecord, NameWait } from '../api/names.ts'
import { orAbort } from '../block/or-abort.ts'
import type { Wait } from '../block/source.ts'
import { Lru } from '../dag/lru.ts'
import { CairnError, isCairnError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { askAll, type FindRecord, noRecord } from './ask-all.ts'
import type { KeyName } from './name.ts'
import { enforceQueue } from './queue.ts'
import { badRecord } from './record.ts'
import type { RecordStore } from './record-store.ts'
import { compareRecords, maxAgeSecs, validateRecord } from './validate.ts'

export interface RecordsOptions {
  readonly store: RecordStore
  /** All are asked; none while the node is offline. */
  readonly sources: readonly FindRecord[]
  readonly timeoutMs: number
}

export interface Records {
  get(name: KeyName, options: NameWait): Promise<NameRecord>
  put(name: KeyName, bytes: Uint8Array, options: Wait): Promise<NameRecord>
}

/** What others said, and until when they need not be asked again, by the clock that does not jump. */
interface Heard {
  readonly record: NameRecord | undefined
  readonly error: unknown
  readonly until: number
}

/** A record without a time to live is asked for again at once, but not for each of a thousand requests a second. */
const LEAST_MS = 1000
/** However long its publisher says: who publishes anew wants to be seen within a day. */
const LONGEST_MS = 86_400_000
/** Who has a record that is still valid waits no longer than this for a newer one; the search goes on meanwhile. */
const FRESHEN_MS = 2000

export function createRecords({ store, sources, timeoutMs }: RecordsOptions): Records {
  const heard = new Lru<string, Heard>({ max: LIMITS.namesInMemory.value })
  const searching = new Map<string, Promise<Heard>>()
  const stored = createStored(store)

  const search = async (name: KeyName): Promise<Heard> => {
    const signal = AbortSignal.timeout(timeoutMs)
    try {
      const record = await askAll(sources, name, { signal })
      const ms = Math.min(Math.max(LEAST_MS, record.ttlSecs * 1000), LONGEST_MS)
      return { record, error: undefined, until: performance.now() + ms }
    } catch (cause) {
      const error = signal.aborted
        ? new CairnError('TIMEOUT', `no record of ${name.text} came in time`, { cause })
        : cause
      // What is valid longer than its time to live is better than nothing.
      const { record } = heard.get(name.text) ?? {}
      return { record, error, until: performance.now() + LIMITS.dnsNegativeMs.value }
    }
  }

  /** Callers share a search; each waits no longer than its own patience allows. */
  const hear = (name: KeyName): Promise<Heard> => {
    const shared = searching.get(name.text)
    if (shared !== undefined) return shared
    enforceQueue(searching.size, 'searches for IPNS records')
    const running = search(name)
      .then(result => {
        heard.set(name.text, result)
        return result
      })
      .finally(() => searching.delete(name.text))
    searching.set(name.text, running)
    return running
  }

  const get: Records['get'] = async (name, { signal, localOnly }) => {
    const mayAsk = sources.length > 0 && localOnly !== true
    const own = await stored(name, { signal, isLast: !mayAsk })
    const known = heard.get(name.text)
    const fallback = newer(own, stillValid(known))
    if (!mayAsk || (known !== undefined && performance.now() < known.until)) return orThrow(fallback, known, name)
    const result = await patiently(hear(name), fallback === undefined ? undefined : FRESHEN_MS, signal)
    return orThrow(newer(own, stillValid(result ?? known)), result, name)
  }

  const put: Records['put'] = async (name, bytes, wait) => {
    const record = await validateRecord(name, bytes, wait)
    for (;;) {
      wait.signal.throwIfAborted()
      const before = store.get(name.text)
      if (before !== undefined && Buffer.compare(before, bytes) === 0) return record
      const older = before && (await stored(name, { ...wait, isLast: false }))
      if (older && compareRecords(older, record) > 0)
        throw new CairnError('STALE_RECORD', `a newer record of ${name.text} is stored (sequence ${older.sequence})`)
      if (before === undefined && store.isFull())
        throw new CairnError('LIMIT', `more than ${LIMITS.storedRecords.value} IPNS records are not kept here`)
      if (await store.replace(name.text, before, bytes)) return record
    }
  }
  return { get, put }
}

/** Signatures are checked once for the same bytes, their time each time. */
function createStored(store: RecordStore) {
  const checked = new Lru<string, NameRecord>({ max: LIMITS.namesInMemory.value })
  /** Undefined if there is none, and, unless it is all that there will be, if it has ended. */
  return async (name: KeyName, { signal, isLast }: Wait & { isLast: boolean }): Promise<NameRecord | undefined> => {
    const bytes = store.get(name.text)
    if (bytes === undefined) return undefined
    const known = checked.get(name.text)
    try {
      if (known !== undefined && Buffer.compare(known.bytes, bytes) === 0) return fresh(known)
      const record = await validateRecord(name, bytes, { signal })
      checked.set(name.text, record)
      return record
    } catch (error) {
      if (!isLast && isCairnError(error, 'BAD_RECORD')) return undefined
      throw error
    }
  }
}

function fresh(record: NameRecord): NameRecord {
  const nowMs = Date.now()
  if (record.validUntilMs <= nowMs) throw badRecord(`its validity ended at ${record.validity}`)
  return { ...record, ttlSecs: maxAgeSecs(record.ttlNs, record.validUntilMs, nowMs) }
}

const newer = (a: NameRecord | undefined, b: NameRecord | undefined): NameRecord | undefined =>
  a === undefined || (b !== undefined && compareRecords(a, b) < 0) ? b : a

function orThrow(record: NameRecord | undefined, heard: Heard | undefined, name: KeyName): NameRecord {
  if (record !== undefined) return record
  throw heard?.error ?? noRecord(name)
}

/** With what is left of its time to live; nothing of it where it was to be asked for again. */
function stillValid(heard: Heard | undefined): NameRecord | undefined {
  const record = heard?.record
  if (heard === undefined || record === undefined || record.validUntilMs <= Date.now()) return undefined
  const leftSecs = Math.max(0, Math.floor((heard.until - performance.now()) / 1000))
  return { ...record, ttlSecs: heard.error === undefined ? Math.min(fresh(record).ttlSecs, leftSecs) : 0 }
}

/** Undefined when `ms` are over; the work goes on. */
async function patiently<T>(work: Promise<T>, ms: number | undefined, signal: AbortSignal): Promise<T | undefined> {
  if (ms === undefined) return orAbort(work, signal)
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(resolve, ms, undefined)
  try {
    return await orAbort(Promise.race([work, promise]), signal)
  } finally {
    clearTimeout(timer)
  }
}
