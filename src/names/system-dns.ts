// TXT records from the resolvers of this machine, or from those that the configuration names.

import { Resolver } from 'node:dns/promises'
import { orAbort } from '../block/or-abort.ts'
import type { Wait } from '../block/source.ts'
import { CairnError } from '../errors.ts'
import type { LookupTxt, TxtAnswer } from './dnslink.ts'

/** `servers`: addresses such as `9.9.9.9` or `127.0.0.1:5353`; none means those of the system. */
export function systemDns({ servers, timeoutMs }: { servers: readonly string[]; timeoutMs: number }): LookupTxt {
  return async (domain, { signal }: Wait): Promise<TxtAnswer> => {
    // One for each question: `cancel` ends all questions of a resolver.
    const resolver = new Resolver({ timeout: Math.max(250, Math.floor(timeoutMs / 3)), tries: 2 })
    if (servers.length > 0) resolver.setServers([...servers])
    try {
      const records = await orAbort(resolver.resolveTxt(domain), signal)
      // It tells no time to live, and takes each byte for a character.
      const texts = records.map(chunks => Buffer.from(chunks.join(''), 'latin1').toString('utf8'))
      return { texts, ttlSecs: undefined }
    } catch (cause) {
      resolver.cancel()
      signal.throwIfAborted()
      const { code = '' } = cause as NodeJS.ErrnoException
      if (code === 'ENOTFOUND' || code === 'ENODATA') return { texts: [], ttlSecs: undefined }
      const isSlow = code === 'ETIMEOUT'
      throw new CairnError(isSlow ? 'TIMEOUT' : 'UNREACHABLE', `DNS lookup of ${domain}: ${code || String(cause)}`, {
        cause,
        hint: 'check the resolvers of this machine, or name some: dnslink.servers',
      })
    }
  }
}
