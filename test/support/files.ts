// Input for tests: folders of seeded random files, and the comparison of two folders byte for byte.

import { createCipheriv } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export function randomBytes(seed: number): (length: number) => Buffer {
  const key = Buffer.alloc(32)
  key.writeUInt32LE(seed)
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
  return length => cipher.update(Buffer.alloc(length))
}

/** `count` files of up to `maxBytes` in folders of 50; the same for the same seed. */
export function makeTree(
  folder: string,
  { seed, count, maxBytes = 8192 }: { seed: number; count: number; maxBytes?: number },
): string {
  const next = randomBytes(seed)
  for (let i = 0; i < count; i++) {
    const parent = join(folder, `d${Math.floor(i / 50)}`)
    if (i % 50 === 0) mkdirSync(parent, { recursive: true })
    writeFileSync(join(parent, `f${i}`), next(1 + (next(4).readUInt32LE() % maxBytes)))
  }
  return folder
}

/** Every difference between two folders, as text; empty if they are the same. */
export function differences(a: string, b: string): string[] {
  const list = (folder: string) =>
    new Map(
      readdirSync(folder, { recursive: true, withFileTypes: true }).map(entry => {
        const path = join(entry.parentPath, entry.name)
        return [path.slice(folder.length + 1), entry.isFile() ? path : undefined]
      }),
    )
  const [left, right] = [list(a), list(b)]
  const found = [...left.keys()].filter(name => !right.has(name)).map(name => `only in the first: ${name}`)
  found.push(...[...right.keys()].filter(name => !left.has(name)).map(name => `only in the second: ${name}`))
  for (const [name, path] of left) {
    const other = right.get(name)
    if (path !== undefined && other !== undefined && !readFileSync(path).equals(readFileSync(other)))
      found.push(`different bytes: ${name}`)
  }
  return found
}
