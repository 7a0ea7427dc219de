// `cairn deny add`: blocks content here, from now on and everywhere.

import { escapeName } from '../../src/dag/names.ts'
import { addOwnRule } from '../../src/policy/own-list.ts'
import { checkRepoExists } from '../../src/store/repo.ts'
import { command as define } from '../command.ts'
import { forEach } from '../each.ts'
import { defined, print } from '../print.ts'

const flags = {
  reason: { type: 'string', value: 'TEXT', doc: 'Why; written into the list and the log of refusals' },
  legal: { type: 'boolean', doc: 'The reason is a legal one: the gateway answers 451 and tells it, instead of 410' },
  allow: { type: 'boolean', doc: 'The opposite: an exception from what other lists block' },
  hashed: { type: 'boolean', doc: 'Write its hash alone, so that the list does not say where to look' },
} as const

export const command = define({
  args: [{ name: 'PATH', doc: 'A CID, /ipfs/CID/path, /ipns/NAME; with * at its end all that begins so', many: true }],
  flags,
  examples: [
    'cairn deny add CID --reason "reported by the owner"',
    'cairn deny add /ipfs/CID/folder/* --legal --reason "court order 12/3"',
    'cairn deny add /ipns/example.com',
    'cairn deny add --allow CID',
  ],
  details: [
    'A CID is blocked in all its forms, with all below it, and wherever it lies inside of other content. A running daemon takes the rule over within a second.',
    'What is stored already stays on the disk, unreachable. To take it down for good: `cairn deny add CID`, `cairn pin rm CID`, `cairn block rm --purge --force CID`.',
  ],
  run: async context => {
    const { args, flags: given, session } = context
    checkRepoExists(session.repo)
    await forEach(args, context, async target => {
      const rule = addOwnRule(session.repo, {
        target,
        isAllowed: given.allow === true,
        isHashed: given.hashed === true,
        ...defined({ reason: given.reason, status: given.legal === true ? (451 as const) : undefined }),
      })
      const did = given.allow === true ? 'allowed' : 'blocked'
      print(context, { json: { target, rule, [did]: true }, text: `${did} ${escapeName(target)}` })
    })
  },
})
