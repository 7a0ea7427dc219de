// Importing folders that misbehave: makes them, imports them, says what was added and what failed.

import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { AddEvent, AddOptions } from '../../src/api/add.ts'
import { importSources } from '../../src/dag/import/import.ts'
import { type ErrorCode, isCairnError } from '../../src/errors.ts'
import { CheckingSink } from './checking-sink.ts'
import { neverAborted } from './kubo-flags.ts'

export const work = mkdtempSync(join(tmpdir(), 'faults-'))
let folders = 0

/** A new folder with these files. */
export function folder(files: Record<string, string | Uint8Array> = {}): string {
  const path = join(work, `d${folders++}`)
  mkdirSync(path)
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content)
  return path
}

export interface Outcome {
  readonly added: string[]
  /** Names, below the folder, with the code of the error. */
  readonly failed: Record<string, ErrorCode | undefined>
  readonly messages: string
}

/** Imports a folder; `meddle` sees each event before the import goes on. Every block that is put is checked. */
export async function run(
  path: string,
  options: Partial<AddOptions> = {},
  meddle: (event: AddEvent) => void = () => {},
): Promise<Outcome> {
  const sink = new CheckingSink()
  const added: string[] = []
  const failed: Record<string, ErrorCode | undefined> = {}
  let messages = ''
  let count = 0
  let told: number | undefined
  const events = importSources(
    [{ kind: 'path', path, name: 'in' }],
    { hidden: true, signal: neverAborted, ...options },
    sink,
  )
  for await (const event of events) {
    meddle(event)
    if (event.type === 'added') added.push(event.name)
    if (event.type === 'failed') {
      count++
      failed[event.name] = isCairnError(event.error) ? event.error.code : undefined
      messages += `${event.error.message}\n`
    }
    if (event.type === 'done') {
      told = event.failed
      for (const root of event.roots) sink.below(root)
    }
  }
  assert.is(told, count)
  return { added, failed, messages }
}
