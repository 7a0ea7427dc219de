// Where the repository lies: what the caller says, else $CAIRN_REPO, else the data folder of the user or the service.

import { homedir, userInfo } from 'node:os'
import { join, resolve } from 'node:path'

export type Environment = Readonly<Record<string, string | undefined>>

/** The repository's folder as an absolute path. */
export function repoPath({ flag, env }: { flag?: string | undefined; env: Environment }): string {
  if (flag !== undefined && flag !== '') return resolve(flag)
  if (env.CAIRN_REPO) return resolve(env.CAIRN_REPO)
  return defaultRepoPath(env)
}

/** systemd's state folder for a service, else the XDG data folder. */
export function defaultRepoPath(env: Environment): string {
  if (env.STATE_DIRECTORY) return resolve(env.STATE_DIRECTORY.split(':')[0] ?? '')
  // A relative XDG folder is to be ignored (XDG base directory specification).
  const data = env.XDG_DATA_HOME?.startsWith('/')
    ? env.XDG_DATA_HOME
    : join(env.HOME || homedir() || userInfo().homedir, '.local/share')
  return join(data, 'cairn')
}

export const configPath = (repo: string): string => join(repo, 'config.json')
/** Holds the multiaddr of the running daemon's API, as Kubo's repository has it. */
export const apiPath = (repo: string): string => join(repo, 'api')
/** Holds the URL of the running daemon's gateway, as Kubo's repository has it. */
export const gatewayPath = (repo: string): string => join(repo, 'gateway')
