// The reserve: a file of zeros that is given up when the disk is full, so that opening, unpinning and collecting still work (spec: store §7).

import { closeSync, constants, existsSync, ftruncateSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { CairnError, isCairnError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import { MiB } from '../../units.ts'
import { explainDisk } from '../write/disk-error.ts'

const CHUNK = 4 * MiB
const CLAIM_BYTES = 4096

export const reserveBytes = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0

/** Without the byte that says that it is claimed. */
const wholeBytes = (file: string): number => Math.floor(reserveBytes(file) / CLAIM_BYTES) * CLAIM_BYTES

/**
 * Grows it to `sizeBytes` of written zeros (holes would reserve nothing); NO_SPACE if the disk has not that much.
 * At their positions: several processes that find it short at once write the same zeros, and not one piece each.
 */
export async function writeReserve(file: string, sizeBytes: number = LIMITS.reserveBytes.value): Promise<void> {
  const have = wholeBytes(file)
  if (have >= sizeBytes && existsSync(spareNames(file).at(-1) ?? '')) return
  const zeros = new Uint8Array(CHUNK)
  let handle: FileHandle | undefined
  try {
    handle = await open(file, constants.O_WRONLY | constants.O_CREAT, 0o600)
    for (let at = have; at < sizeBytes; ) {
      const { bytesWritten } = await handle.write(zeros, 0, Math.min(CHUNK, sizeBytes - at), at)
      at += bytesWritten
    }
    await handle.sync()
    makeSpareNames(file)
  } catch (error) {
    const known = explainDisk(error, file)
    if (!isCairnError(known, 'NO_SPACE')) throw known
    throw new CairnError('NO_SPACE', 'the disk has no room for the reserve that unpinning and collecting need', {
      cause: error,
    })
  } finally {
    await handle?.close()
  }
}

/** A disk may have bytes and no inode left: opening needs two for the WAL, and a writer those of its lease and its pack. */
const SPARE_NAMES = 8

const spareNames = (file: string): string[] =>
  Array.from({ length: SPARE_NAMES }, (_, index) => join(`${file}.inodes`, `${index + 1}`))

function makeSpareNames(file: string): void {
  mkdirSync(`${file}.inodes`, { recursive: true, mode: 0o700 })
  for (const name of spareNames(file)) closeSync(openSync(name, 'a', 0o600))
}

/** Says that it is being filled: from now on its room is spoken for, whoever has released it. Takes no room by itself. */
export function claimReserve(file: string): void {
  if (reserveBytes(file) > 0) return
  const fd = openSync(file, 'a', 0o600)
  try {
    ftruncateSync(fd, 1)
  } finally {
    closeSync(fd)
  }
}

/** What it lacks of its least size: this much of `store.max` is spoken for. */
export const reserveLacks = (file: string): number => Math.max(0, LIMITS.reserveBytes.value - reserveBytes(file))

/** After something small has used it: holds on to what is still there, before others take it. */
export async function refillReserve(file: string): Promise<void> {
  try {
    await writeReserve(file)
  } catch (error) {
    // As much as fitted is in it. The rest comes before the next block is written.
    if (!isCairnError(error, 'NO_SPACE')) throw error
  }
}

/** Gives the disk what it holds; false if there was nothing left to give. */
export function releaseReserve(file: string): boolean {
  const names = spareNames(file).filter(name => existsSync(name))
  const had = reserveBytes(file) > 0 || names.length > 0
  for (const name of [file, ...names]) rmSync(name, { force: true })
  return had
}
