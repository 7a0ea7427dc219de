// The entries of one local folder, in the order of a UnixFS folder, without those the user does not want.

import { isUtf8 } from 'node:buffer'
import { type Dirent, readdirSync } from 'node:fs'
import type { WalkOptions } from '../../api/add.ts'
import { CairnError } from '../../errors.ts'
import { compareNames } from './folder.ts'
import { type IgnoreRules, ignoreRules } from './ignore.ts'
import { attempt } from './source-error.ts'

export interface Listing {
  readonly entries: readonly Dirent[]
  /** Names that a UnixFS folder cannot hold, as they would be shown. */
  readonly unsafe: readonly { readonly name: string; readonly error: CairnError }[]
}

/** Whether an entry inside a folder is taken; what the user names is taken always. */
export type Filter = (name: string) => boolean

export function filterOf({ hidden, ignore, ignoreRulesPath }: WalkOptions): Filter {
  const isIgnored: IgnoreRules = ignoreRules({ file: ignoreRulesPath, rules: ignore })
  return name => (hidden === true || !name.startsWith('.')) && !isIgnored(name)
}

/** What the decoder puts in place of bytes that are no UTF-8. */
const REPLACEMENT = '\ufffd'

/** SOURCE_CHANGED or READ_FAILED if the folder cannot be read. */
export function listFolder(path: string, filter: Filter): Listing {
  const all = attempt(path, () => readdirSync(path, { withFileTypes: true }))
  const suspicious = all.some(entry => entry.name.includes(REPLACEMENT))
  const { entries, unsafe } = suspicious ? withoutBadNames(path, all) : { entries: all, unsafe: [] }
  return { entries: entries.filter(entry => filter(entry.name)).sort((a, b) => compareNames(a.name, b.name)), unsafe }
}

/** Two files whose names differ only in broken bytes would become one, and none of them could be asked for. */
function withoutBadNames(path: string, all: readonly Dirent[]): { entries: Dirent[]; unsafe: Listing['unsafe'] } {
  const good = new Set<string>()
  const unsafe: { name: string; error: CairnError }[] = []
  for (const name of attempt(path, () => readdirSync(path, { encoding: 'buffer' }))) {
    const shown = name.toString()
    if (isUtf8(name)) good.add(shown)
    else unsafe.push({ name: shown, error: notUtf8(name) })
  }
  const entries = all.filter(({ name }) => !name.includes(REPLACEMENT) || good.delete(name))
  return { entries, unsafe }
}

const notUtf8 = (name: Buffer): CairnError =>
  new CairnError('UNSAFE_NAME', `the name "${name.toString('latin1')}" is not UTF-8`, { hint: 'rename it' })
