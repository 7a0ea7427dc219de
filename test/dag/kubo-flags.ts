// The recorded golden cases: the flags of `ipfs add` as options of our import, and the corpus they were recorded from.

import { createReadStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AddOptions, ImportProfile, ImportSource } from '../../src/api/add.ts'

const FIXTURES = join(import.meta.dirname, '../fixtures/cids')

export interface GoldenCase {
  readonly name: string
  readonly profile: 'unixfs-v1-2025' | 'unixfs-v0-2015' | null
  readonly inputs: readonly string[]
  readonly stdin?: string
  readonly options: readonly string[]
  readonly cid?: string
  readonly roots?: readonly { readonly cid: string }[]
  readonly error?: string
  readonly type?: string
  readonly size?: number
  readonly cumulativeSize?: number
  readonly childLinks?: number
  readonly blocks?: number
  readonly uniqueBytes?: number
  readonly entries?: readonly { readonly path: string; readonly cid: string; readonly target?: string }[]
  readonly entryCount?: number
  readonly entriesSha256?: string
}

export const goldenCases = (): GoldenCase[] => JSON.parse(readFileSync(join(FIXTURES, 'cids.json'), 'utf8'))

/** Writes the corpus: 20,352 entries, 100 MiB. */
export async function writeCorpus(folder: string): Promise<void> {
  const corpus = (await import(join(FIXTURES, 'corpus.mjs'))) as { write(root: string): number }
  corpus.write(folder)
}

export const neverAborted = new AbortController().signal

const TEXT = new Set(['chunker', 'hash', 'ignoreRulesPath'])
const SHORT: Record<string, string> = { '-w': '--wrap-with-directory', '-H': '--hidden' }

/** The options for `importSources`; `-r` and `--only-hash` mean nothing to it. */
export function optionsOf(flags: readonly string[], profile: ImportProfile | null): AddOptions & { stdinName: string } {
  const options: Record<string, unknown> = {}
  const ignore: string[] = []
  for (const flag of flags) {
    if (flag === '-r' || flag === '--only-hash') continue
    const [, name = '', value] = /^--([a-z0-9-]+)(?:=(.*))?$/s.exec(SHORT[flag] ?? flag) ?? []
    const key = name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
    if (key === 'ignore') ignore.push(value ?? '')
    else if (key === 'stdinName' || TEXT.has(key)) options[key] = value
    else if (value === undefined || value === 'true' || value === 'false') options[key] = value !== 'false'
    else options[key] = /^0\d/.test(value) ? Number.parseInt(value, 8) : Number(value)
  }
  return {
    stdinName: '',
    ...options,
    ...(ignore.length > 0 && { ignore }),
    profile: profile ?? 'kubo-default',
    signal: neverAborted,
  }
}

/** Sources of a case, below the corpus; paths among the options too. */
export function sourcesOf({ inputs, stdin }: GoldenCase, corpus: string, stdinName: string): ImportSource[] {
  if (stdin !== undefined) return [{ kind: 'stream', name: stdinName, content: createReadStream(join(corpus, stdin)) }]
  return inputs.map(input => ({ kind: 'path', path: join(corpus, input) }))
}
