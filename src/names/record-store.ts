// Records kept in the repository: one per key, the newest, as the bytes that were signed.

import { LIMITS } from '../limits.ts'
import type { Store } from '../store/store.ts'

/** Beside what libp2p keeps in the same table under `/dht`, `/peers` and the like. */
const PREFIX = '/names/ipns/'
const rowKey = (name: string): string => PREFIX + name
/** The first key behind all of them. */
const END = PREFIX.replace(/\/$/, '0')

export interface RecordStore {
  get(name: string): Uint8Array | undefined
  /** No more names are taken in. */
  isFull(): boolean
  /** False if another process has put something else there meanwhile. */
  replace(name: string, before: Uint8Array | undefined, bytes: Uint8Array): Promise<boolean>
}

export function createRecordStore(store: Store): RecordStore {
  return {
    get: name =>
      store.database.get<{ value: Uint8Array }>('SELECT value FROM datastore WHERE key = ?', rowKey(name))?.value,
    isFull: () => {
      const found = store.database.get<{ rows: number }>(
        'SELECT count(*) AS rows FROM datastore WHERE key >= ? AND key < ?',
        PREFIX,
        END,
      )
      return (found?.rows ?? 0) >= LIMITS.storedRecords.value
    },
    replace: async (name, before, bytes) => {
      const statement =
        before === undefined
          ? {
              sql: 'INSERT INTO datastore (key, value) VALUES (?, ?) ON CONFLICT (key) DO NOTHING',
              params: [rowKey(name), bytes],
            }
          : { sql: 'UPDATE datastore SET value = ? WHERE key = ? AND value = ?', params: [bytes, rowKey(name), before] }
      const [changes] = await store.write([statement])
      return changes === 1
    },
  }
}
