// `cairn dag import`: stores the blocks of CARs, each hashed on the way in, and pins their roots.

import { statSync } from 'node:fs'
import { CairnError } from '../../src/errors.ts'
import { command as define } from '../command.ts'
import { forEach } from '../each.ts'
import { inputsOr, readInput } from '../input.ts'
import { defined, print } from '../print.ts'
import { createProgress } from '../progress.ts'

export const command = define({
  args: [{ name: 'FILE', doc: 'CAR files, version 1 or 2; - or nothing for stdin', optional: true, many: true }],
  flags: {
    'pin-roots': { type: 'boolean', default: 'true', doc: 'Do not pin the roots' },
    stats: { type: 'boolean', doc: 'Print how much was imported' },
    silent: { type: 'boolean', doc: 'Print nothing' },
  },
  examples: ['cairn dag import all.car', 'ipfs dag export CID | cairn dag import'],
  run: async context => {
    const { args, flags, globals, io, session, signal } = context
    const node = await session.open({ create: true, local: true })
    await forEach(inputsOr(args, io, 'FILE'), context, async path => {
      using progress = createProgress({
        out: io.stderr,
        label: 'importing',
        enabled: globals.progress ?? io.stderr.isTerminal,
      })
      const totalBytes = path === '-' ? undefined : statSync(path, { throwIfNoEntry: false })?.size
      const content = readInput(path, io, bytes => progress.update({ done: bytes, ...defined({ total: totalBytes }) }))
      const { roots, blocks, bytes } = await node.importCar(content, { pinRoots: flags['pin-roots'] !== false, signal })
      progress.clear()
      if (flags.silent === true) return
      if (globals.json === true) print(context, { json: { file: path, roots, blocks, bytes }, text: '' })
      else {
        for (const { cid, pinError } of flags['pin-roots'] === false ? [] : roots)
          print(context, {
            json: {},
            quiet: String(cid),
            text: `Pinned root\t${cid}\t${pinError === '' ? 'success' : `FAILED: ${pinError}`}`,
          })
        if (flags.stats === true) print(context, { json: {}, text: `Imported ${blocks} blocks (${bytes} bytes)` })
      }
      const incomplete = roots.filter(root => root.pinError !== '')
      if (incomplete.length > 0)
        throw new CairnError('PARTIAL', `${incomplete.length} of ${roots.length} roots could not be pinned`, {
          hint: 'the CAR does not hold their whole DAG; fetch the rest with `cairn pin add`',
        })
    })
  },
})
