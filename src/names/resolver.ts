// Names followed to content: IPNS records and DNSLinks, one after the other, until the path is immutable.

import type { NameStep, NamesApi, NameWait, ResolvedName } from '../api/names.ts'
import { CairnError, isCairnError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { Dnslink } from './dnslink.ts'
import { type DomainName, type KeyName, type Name, parseKey, parseName } from './name.ts'
import type { Records } from './records.ts'
import { below, parseTarget, type Target } from './target.ts'

export interface ResolverParts {
  readonly records: Records
  readonly dnslink: Dnslink
}

export function createNames({ records, dnslink }: ResolverParts): NamesApi {
  const step = (name: Name, options: NameWait): Promise<NameStep> =>
    name.kind === 'key' ? stepOfKey(name, options) : stepOfDomain(name, options)

  const stepOfKey = async (name: KeyName, options: NameWait): Promise<NameStep> => {
    const wait = options.localRecords === true ? { ...options, localOnly: true } : options
    const { value, ttlSecs } = await records.get(name, wait)
    return { name: name.text, source: 'ipns', target: value, ttlSecs }
  }

  const stepOfDomain = async ({ text, otherwise }: DomainName, options: NameWait): Promise<NameStep> => {
    try {
      return await dnslink(text, options)
    } catch (error) {
      if (otherwise === undefined || !isCairnError(error, 'NAME_NOT_FOUND')) throw error
      // The domain it was meant to be is what people know: its failure is the one to report.
      return dnslink(otherwise, options).catch(() => {
        throw error
      })
    }
  }

  const resolve = async (first: Name, options: NameWait): Promise<ResolvedName> => {
    const chain: NameStep[] = []
    let name = first
    let behind: readonly string[] = []
    while (chain.length < LIMITS.nameSteps.value) {
      options.signal.throwIfAborted()
      const next = await step(name, options)
      if (chain.some(earlier => earlier.name === next.name)) throw loop(chain, `${next.name} leads back to itself`)
      chain.push(next)
      const target = targetOf(next)
      if (target.kind === 'content') {
        const source = chain[0]?.source ?? next.source
        return { path: below(target.path, behind), ttlSecs: smallestTtl(chain), source, chain }
      }
      behind = [...target.segments, ...behind]
      name = target.name
    }
    throw loop(chain, `more than ${LIMITS.nameSteps.value} names lead to one another`)
  }

  return {
    resolve: async (name, options) => resolve(parseName(name), options),
    step: async (name, options) => step(parseName(name), options),
    record: async (name, options) => records.get(parseKey(name), options),
    put: async (name, bytes, options) => records.put(parseKey(name), bytes, options),
    hasDnslink: async (domain, options) => {
      try {
        const name = parseName(domain)
        if (name.kind !== 'domain' || !name.text.includes('.')) return false
        await dnslink(name.text, options)
        return true
      } catch (error) {
        if (!isCairnError(error)) throw error
        // A record that contradicts itself is one, and its error has to be seen.
        return error.code === 'BAD_DNSLINK'
      }
    },
  }
}

/** A value that leads nowhere is the publisher's mistake, not the reader's. */
function targetOf({ name, source, target }: NameStep): Target {
  try {
    return parseTarget(target)
  } catch (cause) {
    if (!isCairnError(cause)) throw cause
    const code = source === 'ipns' ? 'BAD_RECORD' : 'BAD_DNSLINK'
    throw new CairnError(code, `${name} points to no content: ${cause.message}`, { cause })
  }
}

/** What stands in the configuration is true until that changes, and bounds nothing; what DNS tells without a time bounds all. */
function smallestTtl(chain: readonly NameStep[]): number | undefined {
  const bounds = chain.filter(({ source }) => source !== 'static').map(({ ttlSecs }) => ttlSecs)
  if (bounds.length === 0 || bounds.includes(undefined)) return undefined
  return Math.min(...bounds.map(Number))
}

const loop = (chain: readonly NameStep[], why: string): CairnError =>
  new CairnError('NAME_LOOP', `could not resolve name (recursion limit exceeded): ${why}`, {
    tried: chain.slice(0, 4).map(({ name, target }) => `/ipns/${name} → ${target}`),
  })
