// The names and hosts that fixtures declare in words of their own: `dnslink.yml`, `IPFS_NS_MAP`, `hosts`.

/**
 * `dnslinks:` with one entry below it for each name, `domain:` and `path:` in each. Of YAML only what such a file needs:
 * plain or quoted scalars and comments.
 */
export function parseDnslinkYaml(text: string): Record<string, string> {
  const links: Record<string, string> = {}
  let entry: { domain?: string; path?: string } = {}
  for (const line of text.split(/\r?\n/)) {
    const [, key = '', quoted, plain = ''] =
      /^\s*([\w.-]+)\s*:\s*(?:(["'].*?["'])|([^#]*?))\s*(?:#.*)?$/.exec(line) ?? []
    const value = quoted?.slice(1, -1) ?? plain
    if (key !== '' && value === '') entry = {}
    if (key === 'domain') entry.domain = value.toLowerCase()
    if (key === 'path') entry.path = value
    if (entry.domain && entry.path) links[entry.domain] = entry.path
  }
  return links
}

/** `name:/ipfs/…,name2:/ipns/…`: split at the first colon (spec: gateway §4.5). */
export function parseNamespaceMap(text: string): Record<string, string> {
  const links: Record<string, string> = {}
  for (const part of text.split(',')) {
    const colon = part.indexOf(':')
    if (colon > 0) links[part.slice(0, colon).trim().toLowerCase()] = part.slice(colon + 1).trim()
  }
  return links
}

interface DeclaredHost {
  readonly paths?: readonly string[]
  readonly subdomains?: boolean
  readonly inlineDNSLink?: boolean
  readonly noDNSLink?: boolean
}

/** A list of entries of `gateway.hosts`, or rules by name as Kubo's `Gateway.PublicGateways` has them. */
export function readHosts(hosts: unknown): readonly string[] | undefined {
  if (Array.isArray(hosts)) return hosts.map(String)
  if (typeof hosts !== 'object' || hosts === null) return undefined
  return Object.entries(hosts as Record<string, DeclaredHost | null>).map(([name, rules]) => entryOf(name, rules ?? {}))
}

function entryOf(name: string, { paths, subdomains, inlineDNSLink, noDNSLink }: DeclaredHost): string {
  const words = [
    subdomains !== true && 'paths',
    paths?.includes('/ipns') === false && 'ipfs-only',
    subdomains === true && inlineDNSLink !== true && 'dots',
    noDNSLink === true && 'no-dnslink',
  ]
  return [name, ...words].filter(word => word !== false).join(' ')
}
