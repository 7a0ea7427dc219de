// `cairn deny check`: whether something is blocked here, and by which rule.

import { escapeName } from '../../src/dag/names.ts'
import { askedOf } from '../../src/policy/own-list.ts'
import { command as define } from '../command.ts'
import { openLists, ruleText } from '../deny.ts'
import { print } from '../print.ts'

export const command = define({
  args: [{ name: 'PATH', doc: 'A CID, /ipfs/CID/path or /ipns/NAME', many: true }],
  flags: {},
  examples: ['cairn deny check CID', 'cairn deny check /ipns/example.com --json'],
  details: [
    'Looks at the path as it is written: nothing is fetched or resolved. A rule is named by its list and line. With --quiet only what is blocked is printed.',
  ],
  run: async context => {
    const { args, session } = context
    using service = openLists(session)
    for (const target of args) {
      const rule = service.denylist.check(askedOf(target))
      print(context, {
        json: rule === undefined ? { target, blocked: false } : { target, blocked: true, ...rule },
        quiet: rule === undefined ? '' : target,
        text: `${escapeName(target)}  ${rule === undefined ? 'free' : `blocked by ${ruleText(rule)}`}`,
      })
    }
  },
})
