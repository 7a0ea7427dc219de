// `cairn cat`: the content of files on stdout, checked on the way.

import { CairnError } from '../../src/errors.ts'
import { command as define } from '../command.ts'
import { writeOut } from '../output.ts'
import { givenPath, noFile } from '../target.ts'

export const command = define({
  args: [{ name: 'PATH', doc: 'A CID or /ipfs/CID/path; several are joined', many: true }],
  flags: {
    offset: { type: 'size', short: 'o', value: 'BYTES', doc: 'Begin there' },
    length: { type: 'size', short: 'l', value: 'BYTES', doc: 'Print at most so much' },
  },
  examples: ['cairn cat CID/report.pdf > report.pdf', 'cairn cat --offset 1MiB --length 512 CID'],
  run: async ({ args, flags, io, signal, session }) => {
    const node = await session.open()
    let skip = flags.offset ?? 0
    let left = flags.length ?? Number.POSITIVE_INFINITY
    for (const given of args.map(givenPath)) {
      const path = await given(node, { signal })
      const entry = await node.content.resolve(path, { signal })
      if (entry.kind === 'directory') throw new CairnError('IS_DIRECTORY', 'this dag node is a directory')
      if (entry.kind === 'other') throw noFile(entry.cid)
      const length = Math.min(left, Math.max(0, entry.sizeBytes - skip))
      const range = { offset: Math.min(skip, entry.sizeBytes), length }
      const content = node.content.read(entry.cid, { ...range, root: path.root, reuse: true, signal })
      left -= await writeOut(content, { target: '-', io })
      skip = Math.max(0, skip - entry.sizeBytes)
    }
  },
})
