// `cairn deny rm`: takes rules out of this node's own denylist.

import { escapeName } from '../../src/dag/names.ts'
import { CairnError } from '../../src/errors.ts'
import { askedOf, removeOwnRules } from '../../src/policy/own-list.ts'
import { command as define } from '../command.ts'
import { openLists, ruleText } from '../deny.ts'
import { forEach } from '../each.ts'
import { print } from '../print.ts'

export const command = define({
  args: [{ name: 'PATH', doc: 'As it was given to `deny add`', many: true }],
  flags: {},
  examples: ['cairn deny rm CID', 'cairn deny rm /ipfs/CID/folder/*'],
  details: ['What another list blocks stays blocked: `cairn deny add --allow` makes an exception.'],
  run: async context => {
    const { args, session } = context
    await forEach(args, context, async target => {
      const gone = removeOwnRules(session.repo, target)
      if (gone.length === 0)
        throw new CairnError('NOT_FOUND', `no rule of this node's own list names ${escapeName(target)}`, {
          hint: 'what is blocked, and by which list: `cairn deny check`',
        })
      using service = openLists(session)
      const isPlain = !target.endsWith('*') && !target.startsWith('//')
      const left = isPlain ? service.denylist.check(askedOf(target)) : undefined
      const still = left === undefined ? '' : `; still blocked by ${ruleText(left)}`
      print(context, {
        json: { target, removed: gone, ...(left !== undefined && { blockedBy: left.id }) },
        text: `removed ${gone.length === 1 ? 'the rule' : `${gone.length} rules`} for ${escapeName(target)}${still}`,
      })
    })
  },
})
