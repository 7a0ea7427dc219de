// What is generated from the config schema: the flat table that commands load, the example, the JSON Schema, the docs page.

import { z } from 'zod'
import { type ConfigKey, type ConfigValue, envName, KINDS, type Kind } from '../../src/config/kinds.ts'
import { configSchema } from '../../src/config/schema.ts'
import type { Generated } from '../docs.ts'

export function configFiles(): Generated[] {
  const keys = flatten(configSchema, '')
  return [
    { path: 'src/config/generated.ts', text: table(keys) },
    { path: 'config.example.json', text: example() },
    { path: 'config.schema.json', text: jsonSchema() },
    { path: 'docs/config.md', text: page(keys) },
  ]
}

function flatten(schema: z.ZodObject, prefix: string): ConfigKey[] {
  return Object.entries(schema.shape).flatMap(([name, inner]) => {
    if (name === '$schema') return []
    const key = prefix + name
    const object = unwrap(inner as z.ZodType)
    if (object instanceof z.ZodObject) return flatten(object, `${key}.`)
    const meta = (inner as z.ZodType).meta() as { kind: Kind; description: string; values?: string[]; secret?: boolean }
    const value = (inner as z.ZodType).parse(undefined) as ConfigValue
    return [
      {
        key,
        kind: meta.kind,
        default: value,
        doc: meta.description,
        ...(meta.values && { values: meta.values }),
        ...(meta.secret && { secret: true }),
      },
    ]
  })
}

const unwrap = (schema: z.ZodType): z.ZodType =>
  schema instanceof z.ZodPrefault || schema instanceof z.ZodDefault ? (schema.unwrap() as z.ZodType) : schema

const table = (keys: readonly ConfigKey[]): string =>
  [
    '// Generated from schema.ts by `npm run docs`: every config key as plain data, so that commands need not load zod.',
    '',
    "import type { ConfigKey } from './kinds.ts'",
    '',
    'export const CONFIG_KEYS: readonly ConfigKey[] = [',
    ...keys.map(key => `  ${JSON.stringify(key)},`),
    ']',
    '',
  ].join('\n')

const example = (): string =>
  `${JSON.stringify({ $schema: './config.schema.json', ...configSchema.parse({}) }, null, 2)}\n`

function jsonSchema(): string {
  const schema = z.toJSONSchema(configSchema, {
    io: 'input',
    override: ({ jsonSchema: node }) => {
      // Our own annotations mean nothing to editors.
      delete node.kind
      delete node.values
      delete node.secret
    },
  })
  return `${JSON.stringify({ title: 'Cairn configuration', ...schema }, null, 2)}\n`
}

const show = (value: ConfigValue): string => {
  if (value === '') return 'empty'
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(item => `\`${item}\``).join('<br>')
  return `\`${value}\``
}

function page(keys: readonly ConfigKey[]): string {
  const sections = Map.groupBy(keys, ({ key }) => (key.includes('.') ? (key.split('.')[0] ?? '') : ''))
  const lines = [
    '# Configuration',
    '',
    '<!-- Generated from src/config/schema.ts by `npm run docs`. -->',
    '',
    'The file is `config.json` in the repository. It holds what differs from the defaults; comments and trailing commas are',
    'allowed. `config.example.json` shows every key with its default, `config.schema.json` lets editors complete them.',
    '',
    'Order: defaults < `config.json` < environment < flags. `cairn config show --origin` tells where each value comes from,',
    '`cairn config set KEY VALUE` changes the file, `cairn config check` names every mistake in it. Any key can be given',
    'for one command with `--config KEY=VALUE`. In the environment and in flags, lists are written with commas.',
    '',
  ]
  for (const [section, entries] of sections) {
    lines.push(
      `## ${section || 'General'}`,
      '',
      '| key | environment | kind | default | what it does |',
      '|---|---|---|---|---|',
    )
    for (const entry of entries) {
      const kind =
        entry.kind === 'choice' ? (entry.values ?? []).map(value => `\`${value}\``).join(', ') : KINDS[entry.kind].write
      lines.push(`| \`${entry.key}\` | \`${envName(entry.key)}\` | ${kind} | ${show(entry.default)} | ${entry.doc} |`)
    }
    lines.push('')
  }
  return lines.join('\n')
}
