// What `cairn help` says, made from the command table: the overview, one group, one command, the topics.

import { type AnyCommand, type FlagSpec, GLOBAL_FLAGS } from './command.ts'
import { COMMANDS, inGroup, type TableEntry } from './commands/table.ts'
import type { Out } from './io.ts'
import { columns, wrap } from './view/layout.ts'

type Style = Pick<Out, 'style' | 'columns'>

export function overview(out: Style): string {
  const lines = [
    `${out.style('bold', 'cairn')}: stores content under its hash, serves it, keeps it`,
    '',
    out.style('bold', 'Usage'),
    '  cairn COMMAND [FLAGS] [ARGUMENTS]',
  ]
  for (const [group, entries] of Map.groupBy(COMMANDS, entry => entry.group))
    lines.push('', out.style('bold', group), ...commandLines(entries, out))
  lines.push(
    '',
    out.style('bold', 'First steps'),
    '  cairn add photos/                 add a folder, get its CID',
    '  cairn daemon                      serve it to browsers and peers',
    '  cairn get CID -o copy             write it to disk again',
    '',
    `More: ${out.style('cyan', 'cairn help COMMAND')}, ${out.style('cyan', 'cairn help exit-codes')}, ${out.style('cyan', 'cairn help env')}, ${out.style('cyan', 'cairn help config')}`,
    '',
  )
  return lines.join('\n')
}

export function groupHelp(group: string, out: Style): string {
  return [
    out.style('bold', 'Usage'),
    `  cairn ${group} COMMAND [FLAGS] [ARGUMENTS]`,
    '',
    out.style('bold', 'Commands'),
    ...commandLines(inGroup(group), out),
    '',
    `More: ${out.style('cyan', `cairn help ${group} COMMAND`)}`,
    '',
  ].join('\n')
}

export function commandHelp(entry: TableEntry, command: AnyCommand, out: Style): string {
  const width = Math.min(out.columns, 100)
  const lines = [`${entry.summary}`, '', out.style('bold', 'Usage'), `  ${usageLine(entry.name, command)}`]
  if (command.args.length > 0) {
    lines.push('', out.style('bold', 'Arguments'))
    lines.push(
      ...columns(
        command.args.map(({ name, doc }) => [name, doc]),
        width,
      ),
    )
  }
  for (const paragraph of command.details ?? []) lines.push('', ...wrap(paragraph, width))
  const own = flagRows(command.flags)
  if (own.length > 0) lines.push('', out.style('bold', 'Flags'), ...columns(own, width))
  if (command.examples.length > 0)
    lines.push('', out.style('bold', 'Examples'), ...command.examples.map(example => `  ${example}`))
  const globals = Object.fromEntries(Object.entries(GLOBAL_FLAGS).filter(([name]) => !(name in command.flags)))
  lines.push('', out.style('bold', 'Flags of every command'), ...columns(flagRows(globals), width), '')
  return lines.join('\n')
}

export function usageLine(name: string, command: Pick<AnyCommand, 'args' | 'flags'>): string {
  const args = command.args.map(arg => {
    const shown = arg.many === true ? `${arg.name}…` : arg.name
    return arg.optional === true ? `[${shown}]` : shown
  })
  return ['cairn', name, ...(Object.keys(command.flags).length > 0 ? ['[FLAGS]'] : []), ...args].join(' ')
}

/** Flags as rows of help: how they are written, what they do. */
export function flagRows(flags: Readonly<Record<string, FlagSpec>>): [string, string][] {
  return Object.entries(flags)
    .filter(([, spec]) => spec.hidden !== true)
    .map(([name, spec]) => [flagSyntax(name, spec), flagDoc(spec)])
}

function flagSyntax(name: string, spec: FlagSpec): string {
  const long = spec.default === 'true' ? `--no-${name}` : `--${name}`
  const value = spec.type === 'boolean' ? '' : ` ${spec.value ?? spec.type.toUpperCase()}`
  // The short form of what is on by default turns it on, too: it is there for lines written for ipfs.
  const short = spec.short === undefined || spec.default === 'true' ? '    ' : `-${spec.short}, `
  return `${short}${long}${value}`
}

function flagDoc({ doc, values, multiple, default: preset }: FlagSpec): string {
  const notes = [
    values === undefined ? '' : values.join(', '),
    multiple === true ? 'repeatable' : '',
    preset === undefined || preset === 'true' ? '' : `default ${preset}`,
  ].filter(note => note !== '')
  return notes.length === 0 ? doc : `${doc} (${notes.join('; ')})`
}

/** As wide as the longest name of all, so that the groups stand below each other. */
const NAME_WIDTH = Math.max(...COMMANDS.map(({ name }) => name.length))

const commandLines = (entries: readonly TableEntry[], out: Style): string[] =>
  columns(
    entries.map(({ name, summary }) => [name, summary]),
    Math.min(out.columns, 100),
    NAME_WIDTH,
  )
