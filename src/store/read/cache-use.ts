// When cached blocks were last read, to the hour, gathered in memory: a read never waits for a write (spec: store §5).

import { PLACE_FILE } from '../database/schema.ts'
import type { Statement } from '../store.ts'
import { BOOT_MARK } from './boot.ts'

const FLUSH_MS = 60_000
/** More than this between two flushes are not remembered: they are only hints for eviction. */
const ENTRIES = 10_000

const USED = `INSERT INTO cache_use (mh, hour) SELECT mh, ? FROM blocks WHERE mh = ? AND kept = 0
  ON CONFLICT (mh) DO UPDATE SET hour = excluded.hour`
/** Its whole hash was checked in this boot: from now on the CRC will do. */
const CHECKED = `UPDATE blocks SET at = ? WHERE mh = ? AND kept = 0 AND pack = ${PLACE_FILE}`

export class CacheUse implements Disposable {
  readonly #write: (statements: readonly Statement[]) => Promise<unknown>
  readonly #used = new Map<string, { mh: Uint8Array; checked: boolean }>()
  #timer: NodeJS.Timeout | undefined

  constructor(write: (statements: readonly Statement[]) => Promise<unknown>) {
    this.#write = write
  }

  note(mh: Uint8Array, checked: boolean): void {
    if (this.#used.size >= ENTRIES) return
    this.#used.set(Buffer.from(mh).toString('latin1'), { mh, checked })
    this.#timer ??= setTimeout(() => this.flush().catch(() => undefined), FLUSH_MS).unref()
  }

  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const hour = Math.floor(Date.now() / 3_600_000)
    const statements = [...this.#used.values()].flatMap(({ mh, checked }): Statement[] => [
      { sql: USED, params: [hour, mh] },
      ...(checked ? [{ sql: CHECKED, params: [BOOT_MARK, mh] }] : []),
    ])
    this.#used.clear()
    if (statements.length > 0) await this.#write(statements)
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }
}
