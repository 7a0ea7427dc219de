// `cairn version`: what this is, and what it runs on.

import { VERSION } from '../../src/version.ts'
import { command as define } from '../command.ts'
import { print } from '../print.ts'

export const command = define({
  args: [],
  flags: { number: { type: 'boolean', short: 'n', doc: 'Print the number alone' } },
  examples: ['cairn version', 'cairn version --json'],
  run: async context => {
    const { node } = process.versions
    const system = `${process.arch}-${process.platform}`
    print(context, {
      json: { version: VERSION, node, system },
      quiet: VERSION,
      text: context.flags.number === true ? VERSION : `cairn ${VERSION} (node ${node}, ${system})`,
    })
  },
})
