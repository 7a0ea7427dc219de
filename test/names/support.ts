// Nodes for tests of names: a real repository each, offline unless DNS or routers of the test's own are named.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NamesApi } from '../../src/api/names.ts'
import { type Config, configSchema } from '../../src/config/schema.ts'
import { type CairnError, isCairnError } from '../../src/errors.ts'
import type { FindRecord } from '../../src/names/ask-all.ts'
import { createNamesApi } from '../../src/node/names.ts'
import { openStore } from '../../src/store/open.ts'
import { initRepo } from '../../src/store/repo.ts'
import type { Store } from '../../src/store/store.ts'
import { GiB, MiB } from '../../src/units.ts'

export const soon = (ms = 20_000) => ({ signal: AbortSignal.timeout(ms) })

export interface NamesNode extends AsyncDisposable {
  readonly names: NamesApi
  readonly store: Store
  /** The same repository as another process would see it: nothing is remembered. */
  again(): NamesApi
  /** Removes all records. */
  forget(): Promise<void>
}

export interface NamesNodeOptions {
  readonly dnslink?: Partial<Config['dnslink']>
  readonly ipns?: Partial<Config['ipns']>
  /** Undefined: offline. */
  readonly findRecords?: FindRecord
}

export async function openNames({ dnslink = {}, ipns = {}, findRecords }: NamesNodeOptions = {}): Promise<NamesNode> {
  const repo = mkdtempSync(join(tmpdir(), 'names-'))
  await initRepo(repo)
  const limits = { maxBytes: GiB, cacheBytes: MiB, graceMs: 3_600_000 }
  const store = await openStore({ path: repo, ...limits, verify: 'crc', commit: 'inline' })
  const config = configSchema.parse({ mode: 'lan', dnslink, ipns })
  const again = () => createNamesApi({ config, store, findRecords })
  return {
    names: again(),
    store,
    again,
    forget: async () => {
      await store.write([{ sql: "DELETE FROM datastore WHERE key LIKE '/names/%'", params: [] }])
    },
    [Symbol.asyncDispose]: async () => {
      await store[Symbol.asyncDispose]()
      rmSync(repo, { recursive: true, force: true })
    },
  }
}

/** The error that it fails with; fails if it does not. */
export async function failureOf(work: Promise<unknown>): Promise<CairnError> {
  try {
    await work
  } catch (error) {
    if (isCairnError(error)) return error
    throw error
  }
  throw new Error('it did not fail')
}
