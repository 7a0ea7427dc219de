// DNS over HTTPS (RFC 8484), for top-level domains that the DNS does not know, or for all.

import type { Wait } from '../block/source.ts'
import { CairnError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { decodeTxtAnswer, encodeTxtQuery } from './dns-message.ts'
import type { LookupTxt, TxtAnswer } from './dnslink.ts'
import { getSafely } from './outbound.ts'

const DNS_MESSAGE = 'application/dns-message'

export function dnsOverHttps({ url, allowPrivate }: { url: string; allowPrivate: boolean }): LookupTxt {
  return async (domain, { signal }: Wait): Promise<TxtAnswer> => {
    const asked = new URL(url)
    asked.searchParams.set('dns', Buffer.from(encodeTxtQuery(domain)).toString('base64url'))
    const maxBytes = LIMITS.dnsAnswerBytes.value
    const { status, type, body } = await getSafely(asked, { accept: DNS_MESSAGE, maxBytes, allowPrivate, signal })
    if (status !== 200 || type !== DNS_MESSAGE)
      throw new CairnError('UNREACHABLE', `${asked.host} answers ${status} (${type || 'no type'}) about ${domain}`)
    return decodeTxtAnswer(body, domain)
  }
}

/** Each domain by the resolver of its longest suffix; `.` is the suffix of all; else by `otherwise`. */
export function byTopLevel(entries: ReadonlyMap<string, LookupTxt>, otherwise: LookupTxt): LookupTxt {
  return (domain, wait) => {
    const labels = domain.split('.')
    for (let from = 1; from <= labels.length; from++) {
      const lookup = entries.get(`.${labels.slice(from).join('.')}`)
      if (lookup !== undefined) return lookup(domain, wait)
    }
    return otherwise(domain, wait)
  }
}
