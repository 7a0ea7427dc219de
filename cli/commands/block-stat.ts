// `cairn block stat`: how large a block is.

import { command as define } from '../command.ts'
import { print } from '../print.ts'
import { targetOf } from '../target.ts'

export const command = define({
  args: [{ name: 'CID', doc: 'The block; or /ipfs/CID/path, for the block that it leads to' }],
  flags: {},
  examples: ['cairn block stat CID'],
  run: async context => {
    const { args, session, signal } = context
    const node = await session.open()
    const cid = await targetOf(node, args[0] ?? '', { signal })
    const { byteLength: size } = await node.content.blocks(cid).get(cid, { signal })
    print(context, { json: { cid, size }, quiet: String(size), text: `Key: ${cid}\nSize: ${size}` })
  },
})
