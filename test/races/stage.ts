// Repositories for races: made fast from a template, and judged at the end by what was acknowledged.

import { cpSync, linkSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { NewBlock } from '../../src/block/source.ts'
import { initRepo } from '../../src/store/repo.ts'
import type { Store } from '../../src/store/store.ts'
import { findings, gc } from '../pins/support.ts'
import { assertBooks, assertReadable, openAt } from '../store/support.ts'

/** For the runs with planted faults, which need one test of a suite. */
export const isWanted = (title: string): boolean => title.includes(process.env.TEST_ONLY ?? '')

let template: Promise<string> | undefined

const folder = (): string => mkdtempSync(join(tmpdir(), 'cairn-race-'))

async function makeTemplate(): Promise<string> {
  const path = join(folder(), 'template')
  await initRepo(path)
  return path
}

/** An empty repository; its reserve is a second name of the template's, as nothing ever writes into one. */
export async function newRepo(): Promise<string> {
  template ??= makeTemplate()
  const from = await template
  const path = join(folder(), 'repo')
  cpSync(from, path, { recursive: true, filter: file => !file.endsWith('reserve') })
  linkSync(join(from, 'reserve'), join(path, 'reserve'))
  return path
}

export const removeRepo = (path: string): void => rmSync(join(path, '..'), { recursive: true, force: true })

/** Handles of one repository, each a writer of its own, as processes would be. */
export class Stage implements AsyncDisposable {
  readonly path: string
  readonly #stores: Store[] = []

  constructor(path: string) {
    this.path = path
  }

  async open(): Promise<Store> {
    const store = await openAt(this.path, { cacheBytes: 0 })
    this.#stores.push(store)
    return store
  }

  async close(): Promise<void> {
    for (const store of this.#stores.splice(0)) await store[Symbol.asyncDispose]()
  }

  /** Nothing of what is `kept` is lost, now and after a collection, and the repository is what it says it is. */
  async judge(kept: readonly NewBlock[]): Promise<void> {
    await this.close()
    const store = await this.open()
    await judgeStore(store, kept)
    await this.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
    removeRepo(this.path)
  }
}

export async function judgeStore(store: Store, kept: readonly NewBlock[]): Promise<void> {
  await assertSound(store)
  await assertKept(store, kept)
  await gc(store)
  await assertKept(store, kept)
  await assertSound(store)
}

/** A read that fails is what a test is about, not an accident of it. */
export async function assertKept(store: Store, kept: readonly NewBlock[]): Promise<void> {
  const error = await assertReadable(store, kept).then(
    () => undefined,
    cause => cause,
  )
  assert.is(error?.message, undefined, 'what was acknowledged is readable')
}

export async function assertSound(store: Store): Promise<void> {
  assertBooks(store)
  const errors = (await findings(store)).filter(finding => finding.startsWith('error'))
  assert.equal(errors, [], 'repo check')
}
