// From a request path to a command: groups, sub-commands, and the old form with the first argument in the path (spec: kubo-rpc §1.1).

import type { Command } from './command.ts'
import { percentDecode } from './query.ts'

export type CommandTable = ReadonlyMap<string, Command>

export type Route =
  | { readonly kind: 'command'; readonly name: string; readonly command: Command; readonly pathArg?: string }
  /** `pin` without a sub-command. */
  | { readonly kind: 'group' }

export const BASE_PATH = '/api/v0'

export function findRoute(table: CommandTable, path: string): Route | undefined {
  if (!path.startsWith(`${BASE_PATH}/`)) return undefined
  const name = path.slice(BASE_PATH.length + 1).replace(/\/$/, '')
  const command = table.get(name)
  if (command !== undefined) return { kind: 'command', name, command }
  if (name !== '' && isGroup(table, name)) return { kind: 'group' }
  const cut = name.lastIndexOf('/')
  const parent = table.get(name.slice(0, Math.max(0, cut)))
  const pathArg = percentDecode(name.slice(cut + 1))
  // A command without arguments has no use for one: the name is that of a sub-command which is not there.
  if (cut === -1 || pathArg === undefined || parent === undefined || parent.args.length === 0) return undefined
  return { kind: 'command', name: name.slice(0, cut), command: parent, pathArg }
}

function isGroup(table: CommandTable, name: string): boolean {
  for (const known of table.keys()) if (known.startsWith(`${name}/`)) return true
  return false
}
