// Repositories whose packs are partly dead, for the tests of packs, and what of them the disk holds.

import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CID } from 'multiformats/cid'
import type { NewBlock } from '../../src/block/source.ts'
import { pinStatements } from '../../src/pins/pins.ts'
import { initRepo } from '../../src/store/repo.ts'
import type { Store } from '../../src/store/store.ts'
import { GiB, KiB } from '../../src/units.ts'
import { leaf, node, openAt } from '../store/support.ts'

/** Packs of 16 MiB, the smallest there are. */
export const SMALL_PACKS = { maxBytes: 4 * GiB } as const

export interface Tree {
  readonly root: CID
  readonly blocks: readonly NewBlock[]
}

/** A folder in memory where there is room for one; gone with the result. */
export function quickFolder(name: string): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), `cairn-${name}-`))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

export function treeOf(seed: string, leaves: number, sizeBytes: number): Tree {
  const below = Array.from({ length: leaves }, (_, index) => leaf(`${seed} ${index}`, sizeBytes))
  const root = node(below.map(({ cid }) => cid))
  return { root: root.cid, blocks: [...below, root] }
}

/** All in one group after the other: they lie side by side in the pack. */
export async function addTrees(store: Store, trees: readonly Tree[], pin = true): Promise<void> {
  await using operation = await store.begin('add')
  const longest = Math.max(...trees.map(({ blocks }) => blocks.length))
  // In turn, so that each pack has some of each.
  for (let index = 0; index < longest; index++) {
    for (const { blocks } of trees) {
      const block = blocks[index]
      if (block !== undefined) await operation.put(block)
    }
  }
  const roots = trees.map(({ root }) => root)
  await operation.finish(pin ? pinStatements(roots, { mode: 'recursive', name: '' }) : [])
}

/** A repository with sealed packs of which a third lives: what the next collection compacts. */
export async function sparseRepo(path: string, leaves = 300, sizeBytes = 24 * KiB): Promise<{ kept: Tree }> {
  await initRepo(path)
  const [kept, dead, other] = ['kept', 'dead', 'other'].map(seed => treeOf(seed, leaves, sizeBytes)) as [
    Tree,
    Tree,
    Tree,
  ]
  const store = await openAt(path, SMALL_PACKS)
  try {
    await addTrees(store, [kept, dead, other])
    const gone = [dead, other].map(({ root }) => ({ sql: 'DELETE FROM pins WHERE cid = ?', params: [root.bytes] }))
    const moved = ['roots_version', 'epoch'].map(key => ({
      sql: 'UPDATE meta SET value = value + 1 WHERE key = ?',
      params: [key],
    }))
    await store.write([...gone, ...moved])
  } finally {
    await store[Symbol.asyncDispose]()
  }
  return { kept }
}

export interface Space {
  /** What the files of `packs/` take. */
  readonly heldBytes: number
  /** Of records that have a row. */
  readonly aliveBytes: number
  readonly files: number
  readonly owned: number
}

export function spaceOf(store: Store): Space {
  const folder = join(store.path, 'packs')
  const names = readdirSync(folder)
  const heldBytes = names.reduce(
    (sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  )
  const rows = store.database.all<{ live: number; owner: number | null }>('SELECT live, owner FROM packs')
  return {
    heldBytes,
    aliveBytes: rows.reduce((sum, { live }) => sum + live, 0),
    files: names.length,
    owned: rows.filter(({ owner }) => owner !== null).length,
  }
}

/** Packs that a process still has open though they are unlinked (Linux). */
export function deletedPacksOpenIn(pid: number | 'self'): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap(fd => {
    try {
      const target = readlinkSync(`/proc/${pid}/fd/${fd}`)
      return target.endsWith('.pack (deleted)') ? [target] : []
    } catch {
      // It was closed while we looked.
      return []
    }
  })
}

export function packsOpenIn(pid: number | 'self'): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap(fd => {
    try {
      const target = readlinkSync(`/proc/${pid}/fd/${fd}`)
      return /\.pack( \(deleted\))?$/.test(target) ? [target] : []
    } catch {
      return []
    }
  })
}

export const readPack = (store: Store, id: number): Buffer => readFileSync(join(store.path, 'packs', `${id}.pack`))
