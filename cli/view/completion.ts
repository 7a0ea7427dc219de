// Completion scripts for shells, made from the command table.

import { type FlagSpec, type FlagSpecs, GLOBAL_FLAGS } from '../command.ts'

export interface Completable {
  readonly name: string
  readonly summary: string
  readonly flags: FlagSpecs
}

const visible = (flags: FlagSpecs): [string, FlagSpec][] =>
  Object.entries<FlagSpec>({ ...flags, ...GLOBAL_FLAGS }).filter(([, { hidden }]) => hidden !== true)

const flagWords = (flags: FlagSpecs): string[] =>
  visible(flags).flatMap(([name, { short }]) => [`--${name}`, ...(short === undefined ? [] : [`-${short}`])])

/** First words, and the second words of groups. */
function words(commands: readonly Completable[]): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const { name } of commands) {
    const [first = '', second] = name.split(' ')
    found.set(first, [...(found.get(first) ?? []), ...(second === undefined ? [] : [second])])
  }
  return found
}

function bash(commands: readonly Completable[]): string {
  const groups = [...words(commands)].filter(([, below]) => below.length > 0)
  return `# bash completion for cairn
_cairn() {
  local word=\${COMP_WORDS[COMP_CWORD]} first=\${COMP_WORDS[1]} second=\${COMP_WORDS[2]} words=
  if [ "$COMP_CWORD" -eq 1 ]; then words="${[...words(commands).keys()].join(' ')}"; fi
  if [ "$COMP_CWORD" -eq 2 ]; then
    case "$first" in
${groups.map(([group, below]) => `      ${group}) words="${below.join(' ')}" ;;`).join('\n')}
    esac
  fi
  if [[ "$word" == -* ]]; then
    case "$first $second" in
${commands.map(({ name, flags }) => `      ${name.includes(' ') ? `"${name}"` : `"${name} "*`}) words="${flagWords(flags).join(' ')}" ;;`).join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _cairn cairn
`
}

function zsh(commands: readonly Completable[]): string {
  return `#compdef cairn
autoload -U +X bashcompinit && bashcompinit
${bash(commands)}`
}

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

function fish(commands: readonly Completable[]): string {
  const lines = ['# fish completion for cairn']
  for (const { name, summary, flags } of commands) {
    const [first = '', second] = name.split(' ')
    const seen =
      second === undefined
        ? `__fish_seen_subcommand_from ${first}`
        : `__fish_seen_subcommand_from ${first}; and __fish_seen_subcommand_from ${second}`
    const before = second === undefined ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${first}`
    if (second !== undefined) lines.push(`complete -c cairn -n __fish_use_subcommand -a ${first}`)
    lines.push(`complete -c cairn -n ${quoted(before)} -a ${second ?? first} -d ${quoted(summary)}`)
    for (const [flag, { doc, short, type, values }] of visible(flags)) {
      const value = type === 'boolean' ? '' : values === undefined ? ' -r' : ` -x -a ${quoted(values.join(' '))}`
      lines.push(
        `complete -c cairn -n ${quoted(seen)} -l ${flag}${short === undefined ? '' : ` -s ${short}`}${value} -d ${quoted(doc)}`,
      )
    }
  }
  return `${[...new Set(lines)].join('\n')}\n`
}

export const SHELLS: Readonly<Record<string, (commands: readonly Completable[]) => string>> = { bash, zsh, fish }
