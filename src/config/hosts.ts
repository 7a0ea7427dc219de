// How the gateway serves a host name: one entry of `gateway.hosts`, a name and words after it (spec: gateway §1.3).

import { CairnError } from '../errors.ts'

export interface HostRules {
  /** Which namespaces have paths here. */
  readonly namespaces: readonly ('ipfs' | 'ipns')[]
  /** Each content root gets a host of its own below this name. */
  readonly hasSubdomains: boolean
  /** DNS names become one label (`a.b-c.org` → `a-b--c-org`), so that one wildcard certificate covers them. */
  readonly isInlining: boolean
  /** The name may be a site by its DNSLink record. */
  readonly hasDnslink: boolean
  /** Only what clients can verify: raw blocks, CARs, IPNS records. */
  readonly isTrustless: boolean
  /** `/` is the front page of this node. */
  readonly hasFrontPage: boolean
  /** Nothing is served under this name: with `*`, the other entries are a list of what is allowed. */
  readonly isRefused: boolean
}

export interface HostEntry {
  readonly name: string
  readonly rules: HostRules
}

const WORDS: Record<string, Partial<HostRules>> = {
  paths: { hasSubdomains: false },
  'ipfs-only': { namespaces: ['ipfs'] },
  dots: { isInlining: false },
  'no-dnslink': { hasDnslink: false },
  trustless: { isTrustless: true },
  'front-page': { hasFrontPage: true },
  refused: { isRefused: true },
}

/** What a name without words gets, and (but for subdomains) every host that is not listed. */
export const DEFAULT_RULES: HostRules = {
  namespaces: ['ipfs', 'ipns'],
  hasSubdomains: true,
  isInlining: true,
  hasDnslink: true,
  isTrustless: false,
  hasFrontPage: false,
  isRefused: false,
}

/** BAD_CONFIG if a word is not known. `*` stands for every host that is not listed. */
export function parseHostEntry(text: string): HostEntry {
  const [name = '', ...words] = text.trim().toLowerCase().split(/\s+/)
  if (!/^(?:\*|(?:\*\.)?[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?(?::\d{1,5})?)$/.test(name)) {
    throw new CairnError('BAD_CONFIG', `"${text}" does not begin with a host name`, {
      hint: 'as in example.com, *.example.com, example.com:8080, or * for every other host',
    })
  }
  const unknown = words.find(word => !Object.hasOwn(WORDS, word))
  if (unknown !== undefined) {
    throw new CairnError('BAD_CONFIG', `"${text}": "${unknown}" is no word for a host`, {
      hint: `the words are ${Object.keys(WORDS).join(', ')}`,
    })
  }
  return { name, rules: Object.assign({}, DEFAULT_RULES, ...words.map(word => WORDS[word])) }
}
