// The parts of a node that know names, put together as the configuration says.

import type { NamesApi } from '../api/names.ts'
import type { Config } from '../config/schema.ts'
import type { FindRecord } from '../names/ask-all.ts'
import { createDnslink, type LookupTxt } from '../names/dnslink.ts'
import { byTopLevel, dnsOverHttps } from '../names/doh.ts'
import { createRecordStore } from '../names/record-store.ts'
import { createRecords } from '../names/records.ts'
import { createNames } from '../names/resolver.ts'
import { fromRouter } from '../names/routers.ts'
import { parseStatics } from '../names/statics.ts'
import { systemDns } from '../names/system-dns.ts'
import { parseDuration } from '../units.ts'
import type { NamesOptions } from './names.ts'

export function loadNames({ config, store, findRecords }: NamesOptions): NamesApi {
  const isOnline = findRecords !== undefined
  return createNames({
    records: createRecords({
      store: createRecordStore(store),
      sources: isOnline ? [findRecords, ...routers(config)] : [],
      timeoutMs: parseDuration(config.ipns.timeout),
    }),
    dnslink: createDnslink({
      statics: parseStatics(config.dnslink.static),
      lookup: isOnline ? resolvers(config) : undefined,
      timeoutMs: parseDuration(config.dnslink.timeout),
    }),
  })
}

const routers = ({ ipns, dnslink: { allowPrivate } }: Config): FindRecord[] =>
  ipns.routers.map(url => fromRouter({ url, allowPrivate }))

/** The longest suffix decides who is asked; the resolvers of this machine know the rest. */
function resolvers({ dnslink }: Config): LookupTxt {
  const { servers, allowPrivate } = dnslink
  const entries = dnslink.resolvers.map(entry => {
    const at = entry.indexOf('=')
    return [entry.slice(0, at), dnsOverHttps({ url: entry.slice(at + 1), allowPrivate })] as const
  })
  return byTopLevel(new Map(entries), systemDns({ servers, timeoutMs: parseDuration(dnslink.timeout) }))
}
