// DNSLinks that the configuration gives: `NAME:/ipfs/CID`, the entries of Kubo's IPFS_NS_MAP.

import { CairnError } from '../errors.ts'
import { parseName } from './name.ts'

/** The first `:` ends the name: paths may hold others. */
export function parseStatics(entries: readonly string[]): Map<string, string> {
  return new Map(
    entries.map(entry => {
      const at = entry.indexOf(':')
      const name = parseName(entry.slice(0, at))
      if (at < 1 || name.kind !== 'domain')
        throw new CairnError('BAD_CONFIG', `dnslink.static: "${entry}" names no domain`)
      return [name.otherwise ?? name.text, entry.slice(at + 1)]
    }),
  )
}
