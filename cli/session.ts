// What commands share: the repository's place, its config, a log, a node of their own, the running daemon.

import { existsSync } from 'node:fs'
import { type ConfigFlag, type LoadedConfig, loadConfig } from '../src/config/load.ts'
import { apiPath, type Environment, repoPath } from '../src/config/paths.ts'
import { CairnError } from '../src/errors.ts'
import type { LocalNode } from '../src/node/open.ts'
import { createLogger, type Logger } from '../src/observe/log.ts'
import type { FlagSpecs, FlagValues, GlobalFlags } from './command.ts'
import type { Io } from './io.ts'
import type { Remote } from './remote.ts'
import { surviveKnownRejections } from './unhandled.ts'

export interface OpenOptions {
  /** Make the repository if there is none, and say so. */
  readonly create?: boolean
  /** Never asks anyone for what is missing: for commands that are about this repository. */
  readonly local?: boolean
  /** Called when the repository was made, in place of a line on stderr. */
  readonly onMade?: () => void
}

export interface Session extends AsyncDisposable {
  readonly repo: string
  readonly log: Logger
  config(): LoadedConfig
  /** This process's own node, one for the whole command; what is missing comes from the daemon if one runs, else from a network of its own. */
  open(options?: OpenOptions): Promise<LocalNode>
  /** The running daemon, or undefined. */
  daemon(): Promise<Remote | undefined>
  /** The running daemon; NO_DAEMON if there is none. */
  needDaemon(): Promise<Remote>
}

export interface SessionOptions {
  readonly globals: FlagValues<GlobalFlags>
  /** The command's own flags that set config keys. */
  readonly configFlags: readonly ConfigFlag[]
  readonly env: Environment
  readonly io: Io
  readonly signal: AbortSignal
  readonly isService: boolean
}

export function createSession({ globals, configFlags, env, io, signal, isService }: SessionOptions): Session {
  const repo = repoPath({ flag: globals.repo, env })
  let loaded: LoadedConfig | undefined
  let daemon: Promise<Remote | undefined> | undefined
  let node: LocalNode | undefined
  const config = (): LoadedConfig => {
    loaded ??= loadConfig({ repo, env, flags: [...configFlags, ...settings(globals.config ?? [])] })
    return loaded
  }
  const findDaemon = async (): Promise<Remote | undefined> => {
    const file = apiPath(repo)
    if (!existsSync(file)) return undefined
    const { findEndpoint } = await import('./endpoint.ts')
    const endpoint = await findEndpoint(file, { signal })
    if (endpoint === undefined) return undefined
    const { createRemote } = await import('./remote.ts')
    return createRemote(endpoint)
  }
  const sayMade = (): void => io.stderr.write(`made a repository at ${repo}\n`)
  const session: Session = {
    repo,
    get log() {
      return logger(config(), io, isService)
    },
    config,
    daemon: () => {
      daemon ??= findDaemon()
      return daemon
    },
    needDaemon: async () => {
      const running = await session.daemon()
      if (running === undefined) throw new CairnError('NO_DAEMON', `no daemon runs on ${repo}`)
      return running
    },
    open: async ({ create = false, local = false, onMade = sayMade } = {}) => {
      if (node !== undefined) return node
      const isAlone = local || globals.offline === true
      const remote = isAlone ? undefined : await session.daemon()
      const network = isAlone || remote !== undefined ? 'never' : 'lazy'
      if (network === 'lazy') surviveKnownRejections(session.log)
      const { openForCommand } = await import('./open.ts')
      node = await openForCommand(
        {
          repo,
          config: config().config,
          log: session.log,
          network,
          createIfMissing: create,
          ...(remote !== undefined && {
            fetchBlock: (cid, wait) => remote.blockGet(cid, wait),
            findRecords: async (name, wait) => [await remote.nameGet(name.text, wait)],
          }),
        },
        onMade,
      )
      return node
    },
    [Symbol.asyncDispose]: async () => {
      await node?.[Symbol.asyncDispose]()
    },
  }
  return session
}

/** `--config KEY=VALUE` as flags of the config. */
function settings(texts: readonly string[]): ConfigFlag[] {
  return texts.map(text => {
    const at = text.indexOf('=')
    if (at < 1)
      throw new CairnError('USAGE', `--config: "${text}" is not KEY=VALUE`, { hint: 'all keys: `cairn help config`' })
    return { key: text.slice(0, at), value: text.slice(at + 1), flag: '--config' }
  })
}

/** The command's flags that stand for config keys. */
export function configFlagsOf(specs: FlagSpecs, values: FlagValues<FlagSpecs>): ConfigFlag[] {
  return Object.entries(specs).flatMap(([name, { config: key }]) => {
    const value = values[name]
    if (key === undefined || value === undefined) return []
    return [{ key, value: Array.isArray(value) ? value.map(String) : String(value), flag: `--${name}` }]
  })
}

/** A command says what matters by itself: it logs warnings, unless a level was asked for. */
function logger({ config, origins }: LoadedConfig, io: Io, isService: boolean): Logger {
  const { level, format } = config.log
  const isAsked = isService || origins.get('log.level') !== 'default'
  return createLogger({
    level: isAsked ? level : 'warn',
    format: format === 'auto' ? (io.stderr.isTerminal ? 'text' : 'json') : format,
    write: line => io.stderr.write(line),
  })
}
