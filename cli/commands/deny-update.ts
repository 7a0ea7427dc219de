// `cairn deny update`: fetches the subscribed denylists now.

import { CairnError } from '../../src/errors.ts'
import { updateSubscriptions } from '../../src/policy/subscriptions.ts'
import { checkRepoExists } from '../../src/store/repo.ts'
import { command as define } from '../command.ts'
import { count, print } from '../print.ts'

export const command = define({
  args: [],
  flags: {},
  examples: ['cairn deny update', 'cairn config set deny.subscriptions https://badbits.dwebops.pub/badbits.deny'],
  details: [
    'The daemon does this by itself every `deny.interval`. A list that cannot be fetched, or of which nothing can be used, leaves the last good copy in force.',
  ],
  run: async context => {
    const { session, signal } = context
    checkRepoExists(session.repo)
    const config = session.config().config.deny
    let failed = 0
    for await (const update of updateSubscriptions({ repo: session.repo, config, signal })) {
      const { url, outcome } = update
      if (outcome === 'failed') failed++
      const text = {
        new: () => (update.outcome === 'new' ? count(update.rules, 'rule') : ''),
        same: () => 'has not changed',
        failed: () => (update.outcome === 'failed' ? `not fetched: ${update.error.message}` : ''),
      }[outcome]()
      const json = outcome === 'failed' ? { url, outcome, error: update.error.message } : update
      print(context, { json, text: `${url}  ${text}` })
    }
    const all = config.subscriptions.length
    if (failed > 0) throw new CairnError('PARTIAL', `${failed} of ${count(all, 'list')} could not be fetched`)
    if (all === 0) print(context, { json: { subscriptions: 0 }, text: 'nothing is subscribed to: deny.subscriptions' })
  },
})
