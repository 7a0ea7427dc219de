// The names of a node: what is stored and configured here, DNS, and the records that the network has.

import type { NamesApi } from '../api/names.ts'
import type { Config } from '../config/schema.ts'
import type { Store } from '../store/store.ts'
import { parseDuration } from '../units.ts'

export interface NamesOptions {
  readonly config: Config
  readonly store: Store
  /** False: nobody is asked, DNS included. */
  readonly isOnline: boolean
}

/** Keys and signatures take long to load: only a node that is asked for a name pays for them. */
export function createNamesApi(options: NamesOptions): NamesApi {
  let loading: Promise<NamesApi> | undefined
  const names = (): Promise<NamesApi> => {
    loading ??= load(options)
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

async function load({ config, store, isOnline }: NamesOptions): Promise<NamesApi> {
  const [
    { createNames },
    { createRecords },
    { createDnslink },
    { createRecordStore },
    { parseStatics },
    { systemDns },
  ] = await Promise.all([
    import('../names/resolver.ts'),
    import('../names/records.ts'),
    import('../names/dnslink.ts'),
    import('../names/record-store.ts'),
    import('../names/statics.ts'),
    import('../names/system-dns.ts'),
  ])
  const dnsTimeoutMs = parseDuration(config.dnslink.timeout)
  return createNames({
    records: createRecords({
      store: createRecordStore(store),
      find: undefined,
      timeoutMs: parseDuration(config.ipns.timeout),
    }),
    dnslink: createDnslink({
      statics: parseStatics(config.dnslink.static),
      lookup: isOnline ? systemDns({ servers: config.dnslink.servers, timeoutMs: dnsTimeoutMs }) : undefined,
      timeoutMs: dnsTimeoutMs,
    }),
  })
}
