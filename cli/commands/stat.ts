// `cairn stat`: what a path leads to.

import { escapeName } from '../../src/dag/names.ts'
import { formatSize } from '../../src/units.ts'
import { command as define } from '../command.ts'
import { print } from '../print.ts'
import { givenPath } from '../target.ts'
import { formatMode, formatMtime } from '../view/entry.ts'

export const command = define({
  args: [{ name: 'PATH', doc: 'A CID or /ipfs/CID/path' }],
  flags: {},
  examples: ['cairn stat CID/photo.jpg', 'cairn stat --json CID'],
  run: async context => {
    const { args, signal, session } = context
    const node = await session.open()
    const path = await givenPath(args[0] ?? '')(node, { signal })
    const { cid, kind, sizeBytes, mode, mtime, target } = await node.content.resolve(path, { signal })
    const rows = [
      ['CID', String(cid)],
      ['Type', kind],
      // Of a folder it is that of its own block: what lies below is for `dag stat` to count.
      [
        kind === 'directory' ? 'Block' : 'Size',
        sizeBytes < 1024 ? `${sizeBytes} B` : `${sizeBytes} (${formatSize(sizeBytes)})`,
      ],
      ...(target === undefined ? [] : [['Target', escapeName(target)]]),
      ...(mode === undefined ? [] : [['Mode', formatMode(mode)]]),
      ...(mtime === undefined ? [] : [['Modified', formatMtime(mtime)]]),
    ]
    print(context, {
      json: { cid, kind, size: sizeBytes, mode, mtime, target },
      quiet: String(cid),
      text: rows.map(([name = '', value]) => `${`${name}:`.padEnd(10)}${value}`).join('\n'),
    })
  },
})
