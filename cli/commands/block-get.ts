// `cairn block get`: the bytes of one block on stdout.

import { command as define } from '../command.ts'
import { writeOut } from '../output.ts'
import { targetOf } from '../target.ts'

export const command = define({
  args: [{ name: 'CID', doc: 'The block; or /ipfs/CID/path, for the block that it leads to' }],
  flags: { output: { type: 'string', short: 'o', value: 'FILE', doc: 'Write it there (default stdout)' } },
  examples: ['cairn block get CID > block.bin'],
  run: async ({ args, flags, io, session, signal }) => {
    const node = await session.open()
    const cid = await targetOf(node, args[0] ?? '', { signal })
    const bytes = await node.content.blocks(cid).get(cid, { signal })
    await writeOut(once(bytes), { target: flags.output ?? '-', io })
  },
})

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
