// Copies of lost blocks that still lie in packs: records without a row, and packs that the index has forgotten.

import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { CairnError } from '../../errors.ts'
import { PLACE_BAD } from '../database/schema.ts'
import { repoPaths } from '../paths.ts'
import { hashes } from './check-block.ts'
import type { CheckContext } from './check-context.ts'
import { walkPack } from './pack-walk.ts'
import { type FetchFor, keyOf } from './repair-plan.ts'

interface Copy {
  readonly file: string
  readonly at: number
  readonly size: number
}

/** Made when it is first asked; the packs are walked once. */
export function salvageFromPacks(context: Pick<CheckContext, 'store' | 'path' | 'pace'>): FetchFor {
  let copies: Promise<Map<string, Copy[]>> | undefined
  return async (_root, cid) => {
    copies ??= findCopies(context)
    const mh = cid.multihash.bytes
    for (const copy of (await copies).get(keyOf(mh)) ?? []) {
      const bytes = read(copy)
      if (bytes !== undefined && hashes(mh, bytes)) return bytes
    }
    throw new CairnError('BLOCK_NOT_LOCAL', `no other copy of block ${cid} lies in a pack`, { cid })
  }
}

/** Of blocks that have no place, or no row at all: a row that stands needs no copy. */
async function findCopies({ store: { database }, path, pace }: Parameters<typeof salvageFromPacks>[0]) {
  const copies = new Map<string, Copy[]>()
  const folder = repoPaths(path).packs
  for (const name of readdirSync(folder).filter(entry => entry.endsWith('.pack'))) {
    const file = join(folder, name)
    const fd = openSync(file, 'r')
    try {
      for (const part of walkPack(fd, fstatSync(fd).size)) {
        await pace()
        if (part.kind !== 'record') continue
        const { mh, at, size } = part.header
        const row = database.get<{ pack: number }>('SELECT pack FROM blocks WHERE mh = ?', mh)
        if (row !== undefined && row.pack !== PLACE_BAD) continue
        const known = copies.get(keyOf(mh)) ?? []
        known.push({ file, at, size })
        copies.set(keyOf(mh), known)
      }
    } finally {
      closeSync(fd)
    }
  }
  return copies
}

function read({ file, at, size }: Copy): Uint8Array | undefined {
  const fd = openSync(file, 'r')
  try {
    const bytes = Buffer.alloc(size)
    return readSync(fd, bytes, 0, size, at) === size ? bytes : undefined
  } finally {
    closeSync(fd)
  }
}
