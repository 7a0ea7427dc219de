// `cairn why`: everything that keeps a block here, or that nothing does.

import type { WhyEvent } from '../../src/api/why.ts'
import { CairnError } from '../../src/errors.ts'
import { type CommandContext, command as define } from '../command.ts'
import { print } from '../print.ts'
import { targetOf } from '../target.ts'
import { whyText } from '../view/why.ts'

const flags = {
  api: { type: 'string', value: 'ADDRESS', doc: 'Ask the daemon whose API is there: a multiaddr or http://HOST:PORT' },
} as const

export const command = define({
  args: [{ name: 'PATH', doc: 'The CID of a block, or /ipfs/CID/path' }],
  flags,
  examples: ['cairn why CID', 'cairn why --json CID', 'cairn why --api /ip4/127.0.0.1/tcp/5001 CID'],
  details: [
    'Told are: pins, with the path of links from their root; paths of files; published names; operations that are under way, with the process; the grace of what was added without a pin; the cache. The last line says what becomes of the block. Pins that are still being made keep what has come so far.',
  ],
  run: async context => {
    const { globals } = context
    let verdict: string | undefined
    for await (const event of await events(context)) {
      if (event.type === 'verdict') verdict = event.verdict
      const text = whyText(event, Date.now())
      print(context, {
        json: { ...event },
        quiet: event.type === 'verdict' ? event.verdict : '',
        text: event.type === 'block' || event.type === 'verdict' ? text : `  ${text}`,
      })
    }
    if (verdict === 'missing' && globals.quiet !== true)
      throw new CairnError('BLOCK_NOT_LOCAL', 'the block is not here', { hint: '' })
  },
})

/** Beside a daemon the repository itself is asked: it knows all that the daemon does. */
async function events({
  args,
  flags: { api },
  session,
  signal,
}: CommandContext<typeof flags>): Promise<AsyncIterable<WhyEvent>> {
  const [path = ''] = args
  if (api === undefined) {
    const node = await session.open({ local: true })
    return node.pins.why(await targetOf(node, path, { signal }), { signal })
  }
  const [{ parseEndpoint }, { createRemote }] = await Promise.all([import('../endpoint.ts'), import('../remote.ts')])
  const endpoint = parseEndpoint(api) ?? fromUrl(api)
  if (endpoint === undefined)
    throw new CairnError('USAGE', `--api: "${api}" is no address of an API`, {
      hint: 'write it as /ip4/127.0.0.1/tcp/5001 or http://127.0.0.1:5001',
    })
  return createRemote(endpoint).why(path, { signal })
}

function fromUrl(text: string): { host: string; port: number } | undefined {
  if (!URL.canParse(text)) return undefined
  const { protocol, hostname, port } = new URL(text)
  return protocol === 'http:' ? { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) } : undefined
}
