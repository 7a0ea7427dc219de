// Changes to the text of product files, made as they load: the product itself knows nothing of tests.

import { appendFileSync } from 'node:fs'
import { registerHooks } from 'node:module'

export interface Patch {
  /** From the root of the project. */
  readonly file: string
  /** Must occur exactly once. An expression is less bound to what stands around it. */
  readonly find: string | RegExp
  /** With an expression, `$&` and `$1` mean what they mean to `replace`. */
  readonly replace: string
}

/** Several patches under a name, to be put in or left out as one. */
export interface PatchSet {
  readonly name: string
  readonly patches: readonly Patch[]
}

const ROOT = new URL('../../../', import.meta.url)

/** Throws, with the words that the runner of planted faults looks for, unless the text is there exactly once. */
export function applyPatch(name: string, source: string, { file, find, replace }: Patch): string {
  const count = [...source.matchAll(typeof find === 'string' ? literal(find) : new RegExp(find, `g${find.flags}`))]
    .length
  if (count !== 1) throw new Error(`"${name}" no longer applies: ${file} has ${count} times what it looks for\n${find}`)
  return typeof find === 'string' ? source.replace(find, () => replace) : source.replace(find, replace)
}

const literal = (text: string): RegExp => new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'g')

/**
 * From here on every product file that loads, in this thread, has the patches. For other threads and processes the caller
 * passes on `--import` (`NODE_OPTIONS`). Writes a line for each patch that went in to `log`.
 */
export function installPatches(sets: readonly PatchSet[], log?: string): void {
  const byUrl = Map.groupBy(
    sets.flatMap(({ name, patches }) => patches.map(patch => ({ name, patch }))),
    ({ patch }) => new URL(patch.file, ROOT).href,
  )
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      const wanted = byUrl.get(url)
      if (wanted === undefined) return loaded
      let source = textOf(loaded.source)
      for (const { name, patch } of wanted) {
        source = applyPatch(name, source, patch)
        if (log !== undefined) appendFileSync(log, `${name} ${patch.file}\n`)
      }
      return { ...loaded, source }
    },
  })
}

function textOf(source: string | ArrayBuffer | NodeJS.TypedArray | undefined | null): string {
  if (source === undefined || source === null) return ''
  if (typeof source === 'string') return source
  return new TextDecoder().decode(source)
}
