// `cairn pin rm`: no longer keeps content; instant, whatever its size.

import { command as define } from '../command.ts'
import { forEach } from '../each.ts'
import { defined, print } from '../print.ts'
import { targetOf } from '../target.ts'

export const command = define({
  args: [{ name: 'PATH', doc: 'A CID or /ipfs/CID/path that is pinned', many: true }],
  flags: {
    name: { type: 'string', short: 'n', value: 'TEXT', doc: 'Only the pin of that name' },
    owner: { type: 'string', value: 'TEXT', doc: 'Only the pins of that owner' },
    recursive: { type: 'boolean', short: 'r', doc: 'Taken as ipfs has it', hidden: true },
  },
  examples: ['cairn pin rm CID', 'cairn pin rm --name old CID'],
  details: ['The bytes stay until `cairn gc` or until their room is needed.'],
  run: async context => {
    const { args, flags, session, signal } = context
    const node = await session.open({ local: true })
    await forEach(args, context, async text => {
      const cid = await targetOf(node, text, { signal })
      await node.pins.rm(cid, { ...defined({ name: flags.name, owner: flags.owner }), signal })
      print(context, { json: { cid, unpinned: true }, quiet: String(cid), text: `unpinned ${cid}` })
    })
  },
})
