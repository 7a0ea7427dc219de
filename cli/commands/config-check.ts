// `cairn config check`: every mistake in a config file, with its line.

import { readFileSync } from 'node:fs'
import { CONFIG_KEYS } from '../../src/config/generated.ts'
import { type JsonValue, parseJson } from '../../src/config/json.ts'
import { complaint } from '../../src/config/kinds.ts'
import { configPath } from '../../src/config/paths.ts'
import { checkRules } from '../../src/config/rules.ts'
import { didYouMean } from '../../src/config/suggest.ts'
import { CairnError } from '../../src/errors.ts'
import { command as define } from '../command.ts'
import { count, print } from '../print.ts'

export const command = define({
  args: [{ name: 'FILE', doc: 'Default: config.json of the repository', optional: true }],
  flags: {},
  examples: ['cairn config check', 'cairn config check new-config.json'],
  run: async context => {
    const file = context.args[0] ?? configPath(context.session.repo)
    const mistakes = await check(file)
    for (const mistake of mistakes) print(context, { json: mistake, text: `${file}:${mistake.line}: ${mistake.what}` })
    if (mistakes.length > 0)
      throw new CairnError('BAD_CONFIG', `${file} has ${count(mistakes.length, 'mistake')}`, {
        hint: 'all keys: `cairn help config`',
      })
    print(context, { json: { file, ok: true }, text: `${file} is right` })
  },
})

interface Mistake {
  readonly line: number
  readonly key: string
  readonly what: string
}

async function check(file: string): Promise<Mistake[]> {
  const { configSchema } = await import('../../src/config/schema.ts')
  const { value, places } = parseJson(readText(file), file)
  const lineOf = (path: string): number => places.get(path)?.line ?? 1
  const { error, data } = configSchema.safeParse(value)
  if (data !== undefined) checkRules(data, key => `${file}:${lineOf(key)}`)
  return (error?.issues ?? []).flatMap(issue => {
    const path = issue.path.filter(part => typeof part === 'string').join('.')
    if (issue.code !== 'unrecognized_keys')
      return [
        { line: lineOf(path), key: path, what: `${path || 'the file'}: ${wrongWith(path, value) ?? issue.message}` },
      ]
    return issue.keys.map(name => {
      const key = path === '' ? name : `${path}.${name}`
      const known = [...CONFIG_KEYS.map(entry => entry.key), ...CONFIG_KEYS.map(entry => entry.key.split('.')[0] ?? '')]
      const suggestion = didYouMean(key, known)
      return {
        line: lineOf(key),
        key,
        what: `there is no config key "${key}"${suggestion === '' ? '' : `; ${suggestion}`}`,
      }
    })
  })
}

/** In the words of every other command; undefined where the schema knows better. */
function wrongWith(path: string, config: JsonValue): string | undefined {
  const key = CONFIG_KEYS.find(entry => entry.key === path)
  const at = (node: unknown, name: string): unknown => (node as Record<string, unknown> | undefined)?.[name]
  return key && complaint(key, path.split('.').reduce(at, config))
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new CairnError('NOT_FOUND', `${file} cannot be read: ${(cause as Error).message}`, {
      cause,
      hint: 'without a config file the defaults hold',
    })
  }
}
