// DNSLink: what the TXT records at `_dnslink.<domain>` point to, asked of whoever is responsible for the domain (spec: gateway §2.17).

import type { NameStep } from '../api/names.ts'
import { parseCid } from '../block/cid.ts'
import { orAbort } from '../block/or-abort.ts'
import type { Wait } from '../block/source.ts'
import { Lru } from '../dag/lru.ts'
import { CairnError, isCairnError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { shown } from './name.ts'
import { enforceQueue } from './queue.ts'
import { parseTarget } from './target.ts'

export interface TxtAnswer {
  /** Each record whole: its chunks joined. */
  readonly texts: readonly string[]
  readonly ttlSecs: number | undefined
}

/** The TXT records of a domain; empty if it has none or does not exist. UNREACHABLE or TIMEOUT if nobody could tell. */
export type LookupTxt = (domain: string, options: Wait) => Promise<TxtAnswer>

interface Known {
  readonly step: NameStep | undefined
  readonly error: unknown
  readonly until: number
}

/** NAME_NOT_FOUND, BAD_DNSLINK; the answer is remembered, whatever it was. */
export type Dnslink = (domain: string, options: Wait & { readonly localOnly?: boolean }) => Promise<NameStep>

export function createDnslink({
  statics,
  lookup,
  timeoutMs,
}: {
  /** Domain → content path. */
  readonly statics: ReadonlyMap<string, string>
  /** Undefined while the node is offline. */
  readonly lookup: LookupTxt | undefined
  readonly timeoutMs: number
}): Dnslink {
  const known = new Lru<string, Known>({ max: LIMITS.namesInMemory.value })
  const asking = new Map<string, Promise<Known>>()

  const ask = async (domain: string, lookupTxt: LookupTxt): Promise<Known> => {
    const signal = AbortSignal.timeout(timeoutMs)
    try {
      const { texts, ttlSecs } = await lookupTxt(`_dnslink.${domain}`, { signal })
      const step: NameStep = { name: domain, source: 'dnslink', target: chooseTarget(domain, texts), ttlSecs }
      return { step, error: undefined, until: performance.now() + cacheMs(ttlSecs) }
    } catch (error) {
      const reason = signal.aborted
        ? new CairnError('TIMEOUT', `DNSLink lookup for "${domain}" took too long`, { cause: error })
        : error
      return { step: undefined, error: reason, until: performance.now() + LIMITS.dnsNegativeMs.value }
    }
  }

  return async (domain, { signal, localOnly }) => {
    const target = statics.get(domain)
    if (target !== undefined) return { name: domain, source: 'static', target, ttlSecs: undefined }
    let answer = known.get(domain)
    const isFresh = answer !== undefined && performance.now() < answer.until
    if (!isFresh && lookup !== undefined && localOnly !== true) {
      let running = asking.get(domain)
      if (running === undefined) {
        // Anyone may send the names of hosts; their answers are worth remembering, their number is not ours to choose.
        enforceQueue(asking.size, 'DNS lookups')
        running = ask(domain, lookup).finally(() => asking.delete(domain))
        asking.set(domain, running)
      }
      answer = await orAbort(running, signal)
      known.set(domain, answer)
    }
    if (answer === undefined || (!isFresh && lookup === undefined)) throw unknown(domain)
    if (answer.step === undefined) throw answer.error
    return withTimeLeft(answer.step, answer.until)
  }
}

const cacheMs = (ttlSecs: number | undefined): number =>
  ttlSecs === undefined ? LIMITS.dnsCacheMs.value : Math.min(Math.max(1, ttlSecs) * 1000, LIMITS.dnsLongestMs.value)

function withTimeLeft(step: NameStep, until: number): NameStep {
  if (step.ttlSecs === undefined) return step
  const leftSecs = Math.max(0, Math.round((until - performance.now()) / 1000))
  return { ...step, ttlSecs: Math.min(step.ttlSecs, leftSecs) }
}

const unknown = (domain: string): CairnError =>
  new CairnError('NAME_NOT_FOUND', `DNSLink lookup for "${domain}": this node is offline and knows no such name`)

/** Exactly one record may point anywhere; records for other uses and of other namespaces do not count. */
function chooseTarget(domain: string, texts: readonly string[]): string {
  const targets = new Set<string>()
  let refused: unknown
  for (const text of texts.slice(0, LIMITS.dnsRecords.value)) {
    const target = linkOf(text)
    if (target === undefined) continue
    try {
      parseTarget(target)
      targets.add(target)
    } catch (error) {
      if (!isCairnError(error)) throw error
      refused = error
    }
  }
  const [target, other] = targets
  if (other !== undefined) {
    const listed = [...targets].map(shown).join(', ')
    throw new CairnError('BAD_DNSLINK', `"${domain}" has ${targets.size} DNSLink records that differ: ${listed}`)
  }
  if (target !== undefined) return target
  const what = `DNSLink lookup for "${domain}"`
  if (refused !== undefined)
    throw new CairnError('BAD_DNSLINK', `${what}: it leads nowhere: ${(refused as Error).message}`, { cause: refused })
  throw new CairnError('NAME_NOT_FOUND', `${what}: could not resolve name, there is none at _dnslink.${domain}`)
}

/** The content path of a record, unchecked; undefined for records of other uses and namespaces. */
function linkOf(text: string): string | undefined {
  const value = /^dnslink=(.*)$/is.exec(text.trim())?.[1]?.trim() ?? ''
  if (/^\/ip[fn]s\//.test(value)) return value
  // A CID alone, as the first records had it.
  return /^[a-z0-9]{46,}$/i.test(value) && isCid(value) ? `/ipfs/${value}` : undefined
}

function isCid(text: string): boolean {
  try {
    parseCid(text)
    return true
  } catch (error) {
    if (!isCairnError(error)) throw error
    return false
  }
}
