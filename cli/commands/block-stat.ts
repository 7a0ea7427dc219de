// `cairn block stat`: how large a block is.

import { parseContentPath } from '../../src/dag/path.ts'
import { command as define } from '../command.ts'
import { print } from '../print.ts'

export const command = define({
  args: [{ name: 'CID', doc: 'The block' }],
  flags: {},
  examples: ['cairn block stat CID'],
  run: async context => {
    const { args, session, signal } = context
    const { root: cid } = parseContentPath(args[0] ?? '')
    const node = await session.open()
    const { byteLength: size } = await node.content.blocks(cid).get(cid, { signal })
    print(context, { json: { cid, size }, quiet: String(size), text: `Key: ${cid}\nSize: ${size}` })
  },
})
