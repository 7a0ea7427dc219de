// `cairn block rm`: removes blocks that no pin keeps.

import { command as define } from '../command.ts'
import { forEach } from '../each.ts'
import { print } from '../print.ts'
import { targetOf } from '../target.ts'

export const command = define({
  args: [{ name: 'CID', doc: 'The blocks', many: true }],
  flags: { force: { type: 'boolean', short: 'f', doc: 'Do not complain of blocks that are not here' } },
  examples: ['cairn block rm CID'],
  details: ['What is pinned, or kept by a pin, is never removed: unpin it first.'],
  run: async context => {
    const { args, flags, session, signal } = context
    const node = await session.open({ local: true })
    await forEach(args, context, async text => {
      const cid = await targetOf(node, text, { signal })
      await node.removeBlock(cid, { force: flags.force === true, signal })
      print(context, { json: { cid, removed: true }, quiet: String(cid), text: `removed ${cid}` })
    })
  },
})
