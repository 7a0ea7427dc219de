// `cairn block rm`: removes blocks that no pin keeps.

import { CairnError } from '../../src/errors.ts'
import { command as define } from '../command.ts'
import { forEach } from '../each.ts'
import { print } from '../print.ts'
import { targetOf } from '../target.ts'

export const command = define({
  args: [{ name: 'CID', doc: 'The blocks', many: true }],
  flags: {
    force: { type: 'boolean', short: 'f', doc: 'Do not complain of blocks that are not here' },
    purge: {
      type: 'boolean',
      doc: 'Take the bytes from the disk at once, as a takedown needs it; with --force also what is pinned',
    },
  },
  examples: ['cairn block rm CID', 'cairn block rm --purge CID'],
  details: [
    'What is pinned, or kept by a pin, is never removed: unpin it first. Only --purge --force removes it all the same, and the pin is damaged then.',
    'Without --purge the bytes leave the disk with the next collection.',
  ],
  run: async context => {
    const { args, flags, session, signal } = context
    const node = await session.open({ local: true })
    await forEach(args, context, async text => {
      const cid = await targetOf(node, text, { signal })
      const force = flags.force === true
      if (flags.purge === true) {
        const gone = await node.purgeBlocks([cid], { force, signal })
        if (gone.length === 0 && !force)
          throw new CairnError('BLOCK_NOT_LOCAL', `block ${cid} is not here`, { hint: '' })
      } else await node.removeBlock(cid, { force, signal })
      print(context, { json: { cid, removed: true }, quiet: String(cid), text: `removed ${cid}` })
    })
  },
})
