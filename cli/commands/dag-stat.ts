// `cairn dag stat`: how many blocks and bytes a DAG has, each block once.

import { formatSize } from '../../src/units.ts'
import { command as define } from '../command.ts'
import { forEach } from '../each.ts'
import { print } from '../print.ts'
import { targetOf } from '../target.ts'

export const command = define({
  args: [{ name: 'ROOT', doc: 'A CID or /ipfs/CID/path', many: true }],
  flags: {},
  examples: ['cairn dag stat CID'],
  run: async context => {
    const { args, session, signal } = context
    const node = await session.open()
    await forEach(args, context, async text => {
      const cid = await targetOf(node, text, { signal })
      const { blocks, totalBytes } = await node.dagStat(cid, { signal })
      print(context, {
        json: { cid, blocks, size: totalBytes },
        quiet: String(totalBytes),
        text: `${cid}  ${blocks} blocks  ${totalBytes} bytes (${formatSize(totalBytes)})`,
      })
    })
  },
})
