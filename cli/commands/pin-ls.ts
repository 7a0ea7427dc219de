// `cairn pin ls`: what is kept, or why one CID is.

import { indirectPins } from '../../gateway/rpc/indirect-pins.ts'
import type { CairnNode } from '../../src/api/node.ts'
import type { Pin } from '../../src/api/pins.ts'
import type { Wait } from '../../src/block/source.ts'
import { escapeName } from '../../src/dag/names.ts'
import { CairnError } from '../../src/errors.ts'
import { type CommandContext, command as define } from '../command.ts'
import { defined, print } from '../print.ts'
import { targetOf } from '../target.ts'

const flags = {
  type: {
    type: 'string',
    short: 't',
    value: 'TYPE',
    values: ['roots', 'recursive', 'direct', 'indirect', 'all'],
    default: 'roots',
    doc: 'Which pins; roots are the recursive and direct ones, indirect is what they keep',
  },
  name: { type: 'string', short: 'n', value: 'TEXT', doc: 'Only pins whose name contains this' },
  names: { type: 'boolean', doc: 'Print the names too' },
  stream: { type: 'boolean', short: 's', doc: 'Taken as ipfs has it', hidden: true },
} as const

export const command = define({
  args: [{ name: 'PATH', doc: 'Only this: how it is kept, and by which root', optional: true, many: true }],
  flags,
  examples: ['cairn pin ls --names', 'cairn pin ls --type all CID/photo.jpg', 'cairn pin ls --json | jq -r .cid'],
  run: async context => {
    const { args, session, signal } = context
    const node = await session.open({ local: true })
    for (const text of args) await showOne(context, node, text)
    if (args.length > 0) return
    const { type = 'roots', name } = context.flags
    const mode = type === 'recursive' || type === 'direct' ? type : undefined
    if (type !== 'indirect') {
      for await (const pin of node.pins.ls({ ...defined({ mode, name }), signal })) showPin(context, pin)
    }
    if (type !== 'indirect' && type !== 'all') return
    for await (const cid of indirectPins(node, { signal }))
      print(context, { json: { cid, type: 'indirect' }, quiet: String(cid), text: `${cid} indirect` })
  },
})

function showPin(context: CommandContext<typeof flags>, { cid, mode, name, status, created }: Pin): void {
  const isNamed = context.flags.names === true || context.flags.name !== undefined
  const shown = [String(cid), mode, isNamed ? escapeName(name) : '', status === 'pinned' ? '' : `(${status})`]
  print(context, {
    json: { cid, type: mode, name, status, created: new Date(created).toISOString() },
    quiet: String(cid),
    text: shown.filter(text => text !== '').join(' '),
  })
}

async function showOne(context: CommandContext<typeof flags>, node: CairnNode, text: string): Promise<void> {
  const wait: Wait = { signal: context.signal }
  const cid = await targetOf(node, text, wait)
  const { type = 'roots' } = context.flags
  if (type === 'recursive' || type === 'direct') {
    for await (const pin of node.pins.ls({ cid, mode: type, ...wait })) return showPin(context, pin)
    throw new CairnError('NOT_PINNED', `path '${text}' is not pinned ${type === 'direct' ? 'directly' : 'recursively'}`)
  }
  const found = await node.pins.whyPinned(cid, wait)
  if (found === undefined || (type === 'indirect' && found.mode !== 'indirect'))
    throw new CairnError('NOT_PINNED', `path '${text}' is not pinned${type === 'indirect' ? ' indirectly' : ''}`)
  const how = found.mode === 'indirect' ? `indirect through ${found.root}` : found.mode
  print(context, { json: { cid, type: found.mode, root: found.root }, quiet: String(cid), text: `${cid} ${how}` })
}
