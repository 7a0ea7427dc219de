// `cairn deny ls`: the denylists in force, how large they are, and what is wrong with them.

import { escapeName } from '../../src/dag/names.ts'
import type { LoadedFile } from '../../src/policy/deny-files.ts'
import { ownRules } from '../../src/policy/own-list.ts'
import { readState } from '../../src/policy/subscriptions.ts'
import { type CommandContext, command as define } from '../command.ts'
import { openLists } from '../deny.ts'
import { count, print } from '../print.ts'

const flags = { rules: { type: 'boolean', doc: "The rules of this node's own list instead" } } as const

export const command = define({
  args: [],
  flags,
  examples: ['cairn deny ls', 'cairn deny ls --rules', 'cairn deny ls --json'],
  details: [
    'Lists are files that end in .deny in the folder denylists/ of the repository, those that `deny.files` names, and copies of `deny.subscriptions`; the last one printed is the strongest.',
  ],
  run: async context => {
    const { session } = context
    using service = openLists(session)
    if (context.flags.rules === true) {
      for (const rule of ownRules(session.repo)) print(context, { json: { rule }, quiet: rule, text: escapeName(rule) })
      return
    }
    void service.denylist.lists
    for (const file of service.files.loaded) show(context, file)
    for (const url of session.config().config.deny.subscriptions)
      if (!service.files.loaded.some(file => file.url === url)) showMissing(context, url)
  },
})

function show(context: CommandContext<typeof flags>, { name, path, url, list, error }: LoadedFile): void {
  const state = url === undefined ? undefined : readState(context.session.repo, url)
  const [rules, exceptions, badLines] = [list?.ruleCount ?? 0, list?.exceptionCount ?? 0, list?.badLines ?? 0]
  const facts = [
    count(rules, 'rule'),
    ...(exceptions > 0 ? [`${count(exceptions, 'exception')} among them`] : []),
    ...(badLines > 0 ? [`${count(badLines, 'line')} that cannot be read`] : []),
    ...(state?.checkedAt === undefined ? [] : [`asked for at ${state.checkedAt}`]),
  ]
  const problems = (list?.problems ?? []).slice(0, 5).map(({ line, what }) => `  line ${line} ${what}`)
  const wrong = [error, state?.error].filter(text => text !== undefined).map(text => `  not used: ${text}`)
  const { checkedAt, fetchedAt } = state ?? {}
  print(context, {
    json: { name, path, url, rules, exceptions, badLines, problems: list?.problems ?? [], error, checkedAt, fetchedAt },
    quiet: name,
    text: [`${name}  ${facts.join(', ')}`, ...(url === undefined ? [`  ${path}`] : [`  ${url}`]), ...problems, ...wrong]
      .map(line => escapeName(line))
      .join('\n'),
  })
}

function showMissing(context: CommandContext<typeof flags>, url: string): void {
  const error = readState(context.session.repo, url)?.error
  print(context, {
    json: { url, rules: 0, error: error ?? 'not fetched yet' },
    text: escapeName(`${url}  not here yet${error === undefined ? ': `cairn deny update` fetches it' : `: ${error}`}`),
  })
}
