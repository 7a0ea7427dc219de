// The hostile corpus as a program asks for it: its cases, their bytes, and the blocks that a sound frame carries.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CID } from 'multiformats/cid'
import { readCar } from '../../src/dag/car/car-read.ts'
import { chunked, wait } from '../support/dags.ts'

const HOSTILE = join(import.meta.dirname, '../fixtures/hostile')

export interface HostileCase {
  readonly name: string
  readonly file: string
  readonly kind: string
  readonly doors: readonly string[]
  readonly root?: string
  readonly outcome: string
  /** Paths to ask for, of `_redirects` cases. */
  readonly requests?: readonly string[]
  readonly maxStored?: number
  readonly maxBlocks?: number
  readonly maxMs?: number
  /** The name of an IPNS record. */
  readonly key?: string
  readonly large?: boolean
}

interface Recipe {
  readonly name: string
  readonly content: (() => Uint8Array) | Uint8Array
}

const recipes = new Map<string, Recipe>()
for (const file of ['cases-car.mjs', 'cases-dag.mjs', 'cases-names.mjs']) {
  const { cases } = (await import(join(HOSTILE, file))) as { cases: readonly Recipe[] }
  for (const recipe of cases) recipes.set(recipe.name, recipe)
}

export const ALL_CASES = JSON.parse(readFileSync(join(HOSTILE, 'manifest.json'), 'utf8')) as readonly HostileCase[]
export const CONTENT_CASES = ALL_CASES.filter(({ kind }) => kind === 'car' || kind === 'dag')

/** Large files are not kept: their recipe makes them. */
export function contentOf({ name, file, large }: HostileCase): Uint8Array {
  if (large !== true) return readFileSync(join(HOSTILE, file))
  const content = recipes.get(name)?.content
  return typeof content === 'function' ? content() : (content as Uint8Array)
}

/** As they stand in the file, unchecked, up to the first fault of its frame. */
export async function blocksOf(car: Uint8Array): Promise<{ cid: CID; bytes: Uint8Array }[]> {
  const found: { cid: CID; bytes: Uint8Array }[] = []
  const { roots, blocks } = readCar(chunked(car, 65_536), wait)
  roots.catch(() => undefined)
  try {
    for await (const { cid, bytes } of blocks) found.push({ cid, bytes: bytes.slice() })
  } catch {
    // What came before counts.
  }
  return found
}
