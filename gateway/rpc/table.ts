// Every command of the RPC by its path.

import { BLOCK_COMMANDS } from './block-commands.ts'
import type { Command } from './command.ts'
import { CONTENT_COMMANDS } from './content-commands.ts'
import { DAG_COMMANDS } from './dag-commands.ts'
import { NAME_COMMANDS } from './name-commands.ts'
import { NODE_COMMANDS } from './node-commands.ts'
import { PIN_COMMANDS } from './pin-commands.ts'
import { REPO_COMMANDS } from './repo-commands.ts'
import type { CommandTable } from './route.ts'
import { SWARM_COMMANDS } from './swarm-commands.ts'

const groups: readonly Record<string, Command>[] = [
  NODE_COMMANDS,
  CONTENT_COMMANDS,
  BLOCK_COMMANDS,
  DAG_COMMANDS,
  PIN_COMMANDS,
  NAME_COMMANDS,
  SWARM_COMMANDS,
  REPO_COMMANDS,
]

export const RPC_COMMANDS: CommandTable = new Map(groups.flatMap(group => Object.entries(group)))
