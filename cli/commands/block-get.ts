// `cairn block get`: the bytes of one block on stdout.

import { parseContentPath } from '../../src/dag/path.ts'
import { command as define } from '../command.ts'
import { writeOut } from '../output.ts'

export const command = define({
  args: [{ name: 'CID', doc: 'The block' }],
  flags: { output: { type: 'string', short: 'o', value: 'FILE', doc: 'Write it there (default stdout)' } },
  examples: ['cairn block get CID > block.bin'],
  run: async ({ args, flags, io, session, signal }) => {
    const { root } = parseContentPath(args[0] ?? '')
    const node = await session.open()
    const bytes = await node.content.blocks(root).get(root, { signal })
    await writeOut(once(bytes), { target: flags.output ?? '-', io })
  },
})

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
