// The same input for every contender: pseudo-random files that no disk or chunker can fold together.

import { createCipheriv } from 'node:crypto'
import { closeSync, existsSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { MiB } from '../../src/units.ts'

/** Endless pseudo-random bytes for a seed: AES-CTR over zeros, about 2 GB/s. */
export function randomBytes(seed: number): (length: number) => Buffer {
  const key = Buffer.alloc(32)
  key.writeUInt32LE(seed)
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
  return length => cipher.update(Buffer.alloc(length))
}

export function largeFile(folder: string, sizeMiB: number): string {
  const path = join(folder, `file-${sizeMiB}-mib`)
  if (existsSync(path)) return path
  const next = randomBytes(sizeMiB)
  const fd = openSync(path, 'w')
  for (let i = 0; i < sizeMiB; i++) writeSync(fd, next(MiB))
  closeSync(fd)
  return path
}

/** `count` files of 1–16 KiB (or `tiny`: 1–100 bytes) in folders of 100. */
export function smallTree(folder: string, count: number, tiny = false): string {
  const root = join(folder, `tree-${count}${tiny ? '-tiny' : ''}`)
  if (existsSync(root)) return root
  const next = randomBytes(count)
  for (let i = 0; i < count; i++) {
    const parent = join(root, `d${String(Math.floor(i / 100)).padStart(5, '0')}`)
    if (i % 100 === 0) mkdirSync(parent, { recursive: true })
    const pick = next(4).readUInt32LE()
    writeFileSync(join(parent, `f${i}`), next(tiny ? 1 + (pick % 100) : 1024 + (pick % (15 * 1024))))
  }
  return root
}
