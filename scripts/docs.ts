// Writes every generated file: the config table, example, JSON Schema and the reference pages. `--check` only compares.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cliFiles } from './docs/cli.ts'
import { configFiles } from './docs/config.ts'
import { limitFiles } from './docs/limits.ts'

const ROOT = join(import.meta.dirname, '..')

/** A generated file: its path in the project and the text it must have. */
export interface Generated {
  readonly path: string
  readonly text: string
}

export async function generateAll(): Promise<Generated[]> {
  return [...configFiles(), ...limitFiles(), ...(await cliFiles())]
}

/** The paths whose text on disk is another. */
export async function staleFiles(): Promise<string[]> {
  const files = await generateAll()
  return files.filter(({ path, text }) => readText(path) !== text).map(({ path }) => path)
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(join(ROOT, path), 'utf8')
  } catch {
    return undefined
  }
}

if (import.meta.main) {
  const stale = await staleFiles()
  if (process.argv.includes('--check')) {
    for (const path of stale) console.error(`${path} is stale: run \`npm run docs\``)
    process.exitCode = stale.length > 0 ? 1 : 0
  } else {
    for (const { path, text } of await generateAll()) {
      if (!stale.includes(path)) continue
      mkdirSync(dirname(join(ROOT, path)), { recursive: true })
      writeFileSync(join(ROOT, path), text)
      console.log(`wrote ${path}`)
    }
  }
}
