// Every command by its name: what help lists, and where the rest of it is loaded from when it runs.

import type { AnyCommand } from '../command.ts'

export interface TableEntry {
  readonly name: string
  readonly group: string
  readonly summary: string
  /** What else it may be called. */
  readonly aliases?: readonly string[]
  load(): Promise<{ command: AnyCommand }>
}

export const COMMANDS: readonly TableEntry[] = [
  {
    name: 'add',
    group: 'Content',
    summary: 'Add files and folders and print their CIDs',
    load: () => import('./add.ts'),
  },
  { name: 'get', group: 'Content', summary: 'Write a file or a whole folder to disk', load: () => import('./get.ts') },
  { name: 'cat', group: 'Content', summary: 'Print the content of files', load: () => import('./cat.ts') },
  { name: 'ls', group: 'Content', summary: 'List what a folder holds', load: () => import('./ls.ts') },
  { name: 'stat', group: 'Content', summary: 'Tell what a path leads to', load: () => import('./stat.ts') },
  {
    name: 'sign',
    group: 'Content',
    summary: 'Make an address that opens content for a while',
    load: () => import('./sign.ts'),
  },

  {
    name: 'pin add',
    group: 'Pins',
    summary: 'Keep content here, fetching what is missing',
    load: () => import('./pin-add.ts'),
  },
  { name: 'pin rm', group: 'Pins', summary: 'No longer keep content', load: () => import('./pin-rm.ts') },
  { name: 'pin ls', group: 'Pins', summary: 'List what is kept', load: () => import('./pin-ls.ts') },
  {
    name: 'pin status',
    group: 'Pins',
    summary: 'Tell how far pins have come',
    load: () => import('./pin-status.ts'),
  },
  {
    name: 'pin update',
    group: 'Pins',
    summary: 'Keep a new version in place of an old one',
    load: () => import('./pin-update.ts'),
  },
  {
    name: 'pin verify',
    group: 'Pins',
    summary: 'Check that pinned content is whole',
    load: () => import('./pin-verify.ts'),
  },
  { name: 'why', group: 'Pins', summary: 'Tell what keeps a block', load: () => import('./why.ts') },

  {
    name: 'block get',
    group: 'Blocks and DAGs',
    summary: 'Print the bytes of a block',
    load: () => import('./block-get.ts'),
  },
  {
    name: 'block put',
    group: 'Blocks and DAGs',
    summary: 'Store bytes as one block',
    load: () => import('./block-put.ts'),
  },
  {
    name: 'block stat',
    group: 'Blocks and DAGs',
    summary: 'Tell the size of a block',
    load: () => import('./block-stat.ts'),
  },
  {
    name: 'block rm',
    group: 'Blocks and DAGs',
    summary: 'Remove blocks that no pin keeps',
    load: () => import('./block-rm.ts'),
  },
  {
    name: 'dag import',
    group: 'Blocks and DAGs',
    summary: 'Store the blocks of CAR files',
    load: () => import('./dag-import.ts'),
  },
  {
    name: 'dag export',
    group: 'Blocks and DAGs',
    summary: 'Write a DAG as a CAR',
    load: () => import('./dag-export.ts'),
  },
  {
    name: 'dag stat',
    group: 'Blocks and DAGs',
    summary: 'Count the blocks and bytes of a DAG',
    load: () => import('./dag-stat.ts'),
  },

  {
    name: 'name resolve',
    group: 'Names',
    summary: 'Tell what a name points to',
    load: () => import('./name-resolve.ts'),
  },
  {
    name: 'name inspect',
    group: 'Names',
    summary: 'Take a signed record apart and say whether it is valid',
    load: () => import('./name-inspect.ts'),
  },

  {
    name: 'init',
    group: 'Node',
    summary: 'Make a repository (the first add or daemon does it too)',
    load: () => import('./init.ts'),
  },
  {
    name: 'daemon',
    group: 'Node',
    summary: 'Run the node with its gateway and API',
    load: () => import('./daemon.ts'),
  },
  { name: 'shutdown', group: 'Node', summary: 'Stop the running daemon', load: () => import('./shutdown.ts') },
  {
    name: 'conformance',
    group: 'Node',
    summary: 'Serve test fixtures, and run the official gateway suite',
    load: () => import('./conformance.ts'),
  },
  { name: 'id', group: 'Node', summary: 'Show the identity and addresses of the node', load: () => import('./id.ts') },
  {
    name: 'swarm peers',
    group: 'Node',
    summary: 'List the peers the daemon is connected with',
    load: () => import('./swarm-peers.ts'),
  },
  {
    name: 'swarm connect',
    group: 'Node',
    summary: 'Connect the daemon with a peer',
    load: () => import('./swarm-connect.ts'),
  },

  {
    name: 'deny add',
    group: 'Denylists',
    summary: 'Block content, paths and names on this node',
    load: () => import('./deny-add.ts'),
  },
  {
    name: 'deny rm',
    group: 'Denylists',
    summary: "Take rules out of this node's own list",
    load: () => import('./deny-rm.ts'),
  },
  { name: 'deny ls', group: 'Denylists', summary: 'List the denylists in force', load: () => import('./deny-ls.ts') },
  {
    name: 'deny check',
    group: 'Denylists',
    summary: 'Tell whether something is blocked, and by which rule',
    load: () => import('./deny-check.ts'),
  },
  {
    name: 'deny update',
    group: 'Denylists',
    summary: 'Fetch the subscribed denylists now',
    load: () => import('./deny-update.ts'),
  },

  { name: 'repo stat', group: 'Repository', summary: 'Show how much is stored', load: () => import('./repo-stat.ts') },
  {
    name: 'repo check',
    group: 'Repository',
    summary: 'Check that the repository is sound',
    aliases: ['repo verify'],
    load: () => import('./repo-check.ts'),
  },
  {
    name: 'repo rebuild',
    group: 'Repository',
    summary: 'Make a damaged or lost database anew from what is stored',
    load: () => import('./repo-rebuild.ts'),
  },
  {
    name: 'repo scrub',
    group: 'Repository',
    summary: 'Hash every block again and get back what is damaged',
    load: () => import('./repo-scrub.ts'),
  },
  {
    name: 'gc',
    group: 'Repository',
    summary: 'Remove what nothing keeps',
    aliases: ['repo gc'],
    load: () => import('./gc.ts'),
  },
  {
    name: 'backup',
    group: 'Repository',
    summary: 'Copy the repository while it is in use',
    load: () => import('./backup.ts'),
  },
  {
    name: 'restore',
    group: 'Repository',
    summary: 'Make a repository from a backup',
    load: () => import('./restore.ts'),
  },
  {
    name: 'config show',
    group: 'Repository',
    summary: 'Show the configuration in effect',
    load: () => import('./config-show.ts'),
  },
  { name: 'config get', group: 'Repository', summary: 'Print one config value', load: () => import('./config-get.ts') },
  {
    name: 'config set',
    group: 'Repository',
    summary: 'Change one config value in the file',
    load: () => import('./config-set.ts'),
  },
  {
    name: 'config check',
    group: 'Repository',
    summary: 'Name every mistake in a config file',
    load: () => import('./config-check.ts'),
  },

  { name: 'version', group: 'Help', summary: 'Print the version', load: () => import('./version.ts') },
  {
    name: 'completion',
    group: 'Help',
    summary: 'Print completions for bash, zsh or fish',
    load: () => import('./completion.ts'),
  },
  { name: 'help', group: 'Help', summary: 'Explain a command or a topic', load: () => import('./help.ts') },
]

/** The entry of that name or alias. */
export const findEntry = (name: string): TableEntry | undefined =>
  COMMANDS.find(entry => entry.name === name || entry.aliases?.includes(name) === true)

/** First words that lead a group: `pin`, `block`, … */
export const GROUPS: ReadonlySet<string> = new Set(
  COMMANDS.flatMap(({ name, aliases = [] }) => [name, ...aliases])
    .filter(name => name.includes(' '))
    .map(name => name.split(' ')[0] ?? ''),
)

/** The commands of a group. */
export const inGroup = (group: string): TableEntry[] => COMMANDS.filter(({ name }) => name.startsWith(`${group} `))
