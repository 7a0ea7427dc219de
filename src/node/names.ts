// The names of a node: what is stored and configured here, DNS, and the records that others have.

import type { NamesApi } from '../api/names.ts'
import type { Config } from '../config/schema.ts'
import type { FindRecord } from '../names/ask-all.ts'
import type { Store } from '../store/store.ts'

export interface NamesOptions {
  readonly config: Config
  readonly store: Store
  /** Asks the peers of this node; undefined: it is offline, and nobody is asked for anything, DNS included. */
  readonly findRecords: FindRecord | undefined
}

/** Keys and signatures take long to load: only a node that is asked for a name pays for them. */
export function createNamesApi(options: NamesOptions): NamesApi {
  let loading: Promise<NamesApi> | undefined
  const names = (): Promise<NamesApi> => {
    loading ??= import('./names-load.ts').then(({ loadNames }) => loadNames(options))
    return loading
  }
  return {
    resolve: async (name, wait) => (await names()).resolve(name, wait),
    step: async (name, wait) => (await names()).step(name, wait),
    hasDnslink: async (domain, wait) => (await names()).hasDnslink(domain, wait),
    record: async (name, wait) => (await names()).record(name, wait),
    put: async (name, bytes, wait) => (await names()).put(name, bytes, wait),
  }
}
