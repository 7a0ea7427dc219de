// The pages on the command line, from the command table and the error table.

import { GLOBAL_FLAGS } from '../../cli/command.ts'
import { COMMANDS } from '../../cli/commands/table.ts'
import { codesOf, EXIT_CODES } from '../../cli/exit.ts'
import { flagRows, usageLine } from '../../cli/help.ts'
import type { Generated } from '../docs.ts'

export async function cliFiles(): Promise<Generated[]> {
  return [
    { path: 'docs/cli.md', text: await cliPage() },
    { path: 'docs/exit-codes.md', text: exitPage() },
  ]
}

const escaped = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;')
const flagTable = (rows: readonly (readonly [string, string])[]): string[] => [
  '| flag | what it does |',
  '|---|---|',
  ...rows.map(([flag, doc]) => `| \`${flag.trim().replaceAll('|', '\\|')}\` | ${escaped(doc)} |`),
]

async function cliPage(): Promise<string> {
  const lines = [
    '# Commands',
    '',
    '<!-- Generated from cli/commands/ by `npm run docs`. -->',
    '',
    'The same as `cairn help COMMAND`. `-` stands for stdin or stdout, `--` ends the flags, `--no-FLAG` and `--FLAG=false` turn',
    'one off. Results go to stdout, everything else to stderr. Exit codes: [exit-codes.md](exit-codes.md).',
    '',
    '## Flags of every command',
    '',
    ...flagTable(flagRows(GLOBAL_FLAGS)),
    '',
    'With `--json` each line of stdout is one document with `"v": 1`; a failure is one on stderr:',
    '`{"v":1,"error":{"code","message","hint","exit"}}`.',
    '',
  ]
  for (const entry of COMMANDS) {
    const { command } = await entry.load()
    lines.push(`## cairn ${entry.name}`, '', `${entry.summary}.`, '', `    ${usageLine(entry.name, command)}`, '')
    if (entry.aliases !== undefined)
      lines.push(`Also: ${entry.aliases.map(name => `\`cairn ${name}\``).join(', ')}.`, '')
    for (const { name, doc } of command.args) lines.push(`- \`${name}\`: ${doc}`)
    if (command.args.length > 0) lines.push('')
    for (const paragraph of command.details ?? []) lines.push(paragraph, '')
    const rows = flagRows(command.flags)
    if (rows.length > 0) lines.push(...flagTable(rows), '')
    lines.push(...command.examples.map(example => `    ${example}`), '')
  }
  return lines.join('\n')
}

function exitPage(): string {
  return [
    '# Exit codes',
    '',
    '<!-- Generated from cli/exit.ts and src/errors.ts by `npm run docs`. -->',
    '',
    'Any other number than 0 is a failure, listed here or not. `--json` names the error code on stderr.',
    '',
    '| exit code | meaning | error codes |',
    '|---|---|---|',
    ...Object.entries(EXIT_CODES).map(
      ([exit, meaning]) =>
        `| ${exit} | ${meaning} | ${codesOf(Number(exit))
          .map(code => `\`${code}\``)
          .join(' ')} |`,
    ),
    '',
  ].join('\n')
}
