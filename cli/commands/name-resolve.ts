// `cairn name resolve`: what a name points to now, step by step if asked.

import type { NameStep } from '../../src/api/names.ts'
import { escapeName } from '../../src/dag/names.ts'
import { formatContentPath } from '../../src/dag/path.ts'
import { command as define } from '../command.ts'
import { print } from '../print.ts'

export const command = define({
  args: [{ name: 'NAME', doc: 'A key such as k51… or 12D3…, or a domain with a DNSLink; with or without /ipns/' }],
  flags: {
    recursive: {
      type: 'boolean',
      short: 'r',
      default: 'true',
      doc: 'Follow names that lead to names; --no-recursive: one step',
    },
    trace: { type: 'boolean', short: 't', doc: 'Print each step, where it was found and how long it holds' },
  },
  examples: [
    'cairn name resolve docs.ipfs.tech',
    'cairn name resolve --trace k51…',
    'cairn name resolve --offline k51…',
  ],
  details: [
    'Domains are looked up at _dnslink.NAME, keys in this repository, then in the network. With --offline only records that are stored here and domains of dnslink.static are known.',
  ],
  run: async context => {
    const { args, flags, session, signal } = context
    const node = await session.open({ create: true })
    const [name = ''] = args
    if (flags.recursive === false) {
      const step = await node.names.step(name, { signal })
      const path = escapeName(step.target)
      print(context, {
        json: { name, path: step.target, ttl: step.ttlSecs },
        quiet: path,
        text: traced(flags.trace, [step], path),
      })
      return
    }
    const { path, ttlSecs, chain } = await node.names.resolve(name, { signal })
    const text = formatContentPath(path)
    const shown = escapeName(text)
    print(context, {
      json: { name, path: text, ttl: ttlSecs, chain },
      quiet: shown,
      text: traced(flags.trace, chain, shown),
    })
  },
})

function traced(isTraced: boolean | undefined, chain: readonly NameStep[], path: string): string {
  if (isTraced !== true) return path
  const lines = chain.map(({ name, source, target, ttlSecs }) => {
    const holds = ttlSecs === undefined ? '' : `, for ${ttlSecs} s`
    return `/ipns/${name} → ${escapeName(target)}  (${source}${holds})`
  })
  return [...lines, path].join('\n')
}
