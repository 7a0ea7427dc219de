// The configuration in effect: defaults < config.json < environment < flags, every value checked, with where it came from.
// Checked against the generated table, not by zod, which takes longer to load than a small add takes (design §7).

import { readFileSync } from 'node:fs'
import { CairnError } from '../errors.ts'
import { CONFIG_KEYS } from './generated.ts'
import { type JsonValue, type Place, parseJson } from './json.ts'
import { type ConfigKey, type ConfigValue, complaint, envName, KINDS } from './kinds.ts'
import { configPath, type Environment } from './paths.ts'
import { checkRules } from './rules.ts'
import type { Config } from './schema.ts'
import { closest, didYouMean } from './suggest.ts'

/** `default`, `config.json:12`, `$CAIRN_MODE` or `--mode`. */
export type Origin = string

/** A config key given on the command line, and how. */
export interface ConfigFlag {
  readonly key: string
  readonly value: string | readonly string[]
  readonly flag: string
}

export interface LoadedConfig {
  readonly config: Config
  readonly origins: ReadonlyMap<string, Origin>
}

const ENV_PREFIX = 'CAIRN_'
/** Environment names with a meaning of their own. */
const OTHER_ENV = new Set(['REPO', 'RELAYED'])
/** Of Kubo and Rainbow, and with the meaning it has there. */
const NS_MAP = 'IPFS_NS_MAP'
/** For what is not in the file, where `cairn config check` would find nothing. */
const ALL_KEYS = 'all keys, and what they take: `cairn help config`'
const BY_KEY = new Map<string, ConfigKey>(CONFIG_KEYS.map(key => [key.key, key]))

export function loadConfig({
  repo,
  env,
  flags = [],
}: {
  repo: string
  env: Environment
  flags?: readonly ConfigFlag[]
}): LoadedConfig {
  const values = new Map<string, ConfigValue>(CONFIG_KEYS.map(key => [key.key, key.default]))
  const origins = new Map<string, Origin>(CONFIG_KEYS.map(key => [key.key, 'default']))
  const set = (key: ConfigKey, value: unknown, origin: Origin): void => {
    const wrong = complaint(key, value)
    if (wrong !== undefined)
      throw new CairnError('BAD_CONFIG', `${origin}: ${key.key}: ${wrong}`, isInFile(origin) ? {} : { hint: ALL_KEYS })
    values.set(key.key, value as ConfigValue)
    origins.set(key.key, origin)
  }
  for (const { key, value, place } of readConfigFile(configPath(repo))) set(key, value, `config.json:${place.line}`)
  for (const { key, text, name } of configEnv(env)) set(key, fromText(key, text, `$${name}`), `$${name}`)
  for (const { key, value, flag } of flags) {
    const known = findKey(key, flag)
    set(known, typeof value === 'string' ? fromText(known, value, flag) : value, flag)
  }
  const config = nest(values)
  checkRules(config, key => origins.get(key) ?? 'default')
  return { config, origins }
}

const isInFile = (origin: Origin): boolean => origin.startsWith('config.json:')

/** The key of that name; BAD_CONFIG with a suggestion if there is none. */
export function findKey(name: string, where: string): ConfigKey {
  const key = BY_KEY.get(name)
  if (key !== undefined) return key
  const suggestion = didYouMean(name, BY_KEY.keys())
  throw new CairnError('BAD_CONFIG', `${where}: there is no config key "${name}"`, {
    hint: suggestion || ALL_KEYS,
  })
}

/** A text from a flag, the environment or `config set` as a value of that key's kind. */
export function fromText(key: ConfigKey, text: string, where: string): ConfigValue {
  const value = KINDS[key.kind].fromText(text)
  if (value === undefined)
    throw new CairnError('BAD_CONFIG', `${where}: ${key.key}: "${text}" is not ${KINDS[key.kind].write}`, {
      hint: ALL_KEYS,
    })
  return value
}

interface FileEntry {
  readonly key: ConfigKey
  readonly value: JsonValue
  readonly place: Place
}

function readConfigFile(file: string): FileEntry[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    // No file is an empty file; one that cannot be read must not be taken for it.
    if (['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')) return []
    throw new CairnError('BAD_CONFIG', `${file} cannot be read: ${(cause as Error).message}`, { cause })
  }
  return configEntries(text, 'config.json')
}

/** The entries of a config file's text; BAD_CONFIG with the line for what is no JSON and no known key. */
export function configEntries(text: string, file: string): FileEntry[] {
  const { value, places } = parseJson(text, file)
  const entries: FileEntry[] = []
  const visit = (node: JsonValue, path: string): void => {
    const place = places.get(path) ?? { line: 1, start: 0, end: 0 }
    const isSection = path === '' || CONFIG_KEYS.some(({ key }) => key.startsWith(`${path}.`))
    if (!isSection) {
      entries.push({ key: findKey(path, `${file}:${place.line}`), value: node, place })
      return
    }
    if (node === null || typeof node !== 'object' || Array.isArray(node)) {
      throw new CairnError('BAD_CONFIG', `${file}:${place.line}: ${path || 'the whole'} must be an object {…}`)
    }
    for (const [name, child] of Object.entries(node)) {
      if (path === '' && name === '$schema') continue
      visit(child, path === '' ? name : `${path}.${name}`)
    }
  }
  visit(value, '')
  return entries
}

function configEnv(env: Environment): { key: ConfigKey; text: string; name: string }[] {
  const known = new Map(CONFIG_KEYS.map(key => [envName(key.key).slice(ENV_PREFIX.length), key]))
  const found: { key: ConfigKey; text: string; name: string }[] = []
  const { [NS_MAP]: nsMap } = env
  if (nsMap !== undefined) found.push({ key: findKey('dnslink.static', `$${NS_MAP}`), text: nsMap, name: NS_MAP })
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith(ENV_PREFIX) || text === undefined) continue
    const rest = name.slice(ENV_PREFIX.length)
    const key = known.get(rest)
    if (key !== undefined) {
      found.push({ key, text, name })
      continue
    }
    // Variables of other programs may begin like ours; only what looks like a slip of the finger is an error.
    const meant = OTHER_ENV.has(rest) ? undefined : closest(rest, known.keys())
    if (meant !== undefined)
      throw new CairnError('BAD_CONFIG', `$${name} is not a setting of Cairn`, {
        hint: `did you mean $${ENV_PREFIX}${meant}?`,
      })
  }
  return found
}

/** Dotted keys as the nested object that `Config` is. The names are those of the generated table, never a user's. */
function nest(values: ReadonlyMap<string, ConfigValue>): Config {
  const root: Record<string, unknown> = {}
  for (const [key, value] of values) {
    const [section = '', name] = key.split('.')
    if (name === undefined) root[section] = value
    else root[section] = { ...(root[section] as object | undefined), [name]: value }
  }
  return root as Config
}

/** The value of a key that is known to exist. */
export function configValue(config: Config, key: string): ConfigValue {
  const [section = '', name] = key.split('.')
  const found = config[section as keyof Config] as ConfigValue | Record<string, ConfigValue>
  return name === undefined ? (found as ConfigValue) : ((found as Record<string, ConfigValue>)[name] ?? '')
}
