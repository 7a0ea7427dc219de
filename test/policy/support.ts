// Denylists for tests: from text, and the hostile corpus with what it blocks and leaves free.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseContentPath } from '../../src/dag/path.ts'
import type { CompiledList } from '../../src/policy/compiled-list.ts'
import { Denylist } from '../../src/policy/denylist.ts'
import { ListParser } from '../../src/policy/list-parser.ts'

export function parseList(text: string | Uint8Array, chunkBytes = Number.POSITIVE_INFINITY): CompiledList {
  const bytes = Buffer.from(text as Uint8Array)
  const parser = new ListParser({ name: 'test', sizeBytes: bytes.byteLength })
  for (let at = 0; at < bytes.byteLength; at += chunkBytes) parser.push(bytes.subarray(at, at + chunkBytes))
  return parser.end()
}

/** Lists by their lines; each later one is stronger. */
export function denylistOf(...lists: readonly string[]): Denylist {
  const denylist = new Denylist()
  denylist.replace(lists.map((text, index) => ({ name: `list${index}`, list: parseList(text) })))
  return denylist
}

export function ruleFor(denylist: Denylist, path: string) {
  if (path.startsWith('/ipns/')) {
    const [ipnsName = '', ...segments] = path.slice('/ipns/'.length).split('/')
    return denylist.check({ ipnsName, path: segments })
  }
  const { root, segments } = parseContentPath(path)
  return denylist.check({ cid: root, path: segments })
}

const HOSTILE = join(import.meta.dirname, '../fixtures/hostile')

export interface DenyCase {
  readonly name: string
  readonly kind: string
  readonly blocked: readonly string[]
  readonly free: readonly string[]
  readonly outcome: string
  readonly file: string
  readonly large?: boolean
  readonly maxMs: number
}

const { cases } = (await import(join(HOSTILE, 'cases-names.mjs'))) as {
  cases: readonly { readonly name: string; readonly content: string | Uint8Array | (() => Uint8Array) }[]
}

export const DENY_CASES = (JSON.parse(readFileSync(join(HOSTILE, 'manifest.json'), 'utf8')) as DenyCase[]).filter(
  ({ kind }) => kind === 'denylist',
)

/** Large files are not kept: their recipe makes them. */
export function contentOf({ name, file, large }: DenyCase): Uint8Array {
  if (large !== true) return readFileSync(join(HOSTILE, file))
  const content = cases.find(recipe => recipe.name === name)?.content
  if (content === undefined) throw new Error(`no recipe for ${name}`)
  return Buffer.from((typeof content === 'function' ? content() : content) as Uint8Array)
}

/** What the corpus speaks of. */
export const TARGETS = readFileSync(join(HOSTILE, 'files/denylist/targets.car'))
