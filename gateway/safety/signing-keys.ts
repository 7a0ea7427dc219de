// The keys of signed addresses: files of the repository that only its owner can read; an address names the one it was made with.

import { randomBytes } from 'node:crypto'
import { closeSync, fstatSync, mkdirSync, readdirSync, readSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CairnError } from '../../src/errors.ts'
import { enforce, LIMITS } from '../../src/limits.ts'
import type { Logger } from '../../src/observe/log.ts'
import { openIfThere } from '../../src/open-if-there.ts'
import { KEY_NAME } from './signature.ts'

const KEY_BYTES = 32
/** Keys that were made or taken away are noticed after so long. */
const LOOK_EVERY_MS = 2000

export const signingKeysFolder = (repo: string): string => join(repo, 'signing-keys')

/** The key of that name; with `create` it is made if it is not there. */
export function loadSigningKey(repo: string, name: string, { create }: { create: boolean }): Uint8Array {
  if (!KEY_NAME.test(name))
    throw new CairnError('USAGE', `"${name}" is no name for a key`, {
      hint: 'letters a to z, digits, - and _; up to 32',
    })
  const folder = signingKeysFolder(repo)
  const known = readKey(join(folder, name))
  if (known !== undefined) return known
  if (!create) throw new CairnError('NOT_FOUND', `there is no key "${name}"`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  enforce('signingKeys', readdirSync(folder).length + 1, 'keys for signed addresses')
  const key = randomBytes(KEY_BYTES)
  try {
    writeFileSync(join(folder, name), `${key.toString('base64url')}\n`, { flag: 'wx', mode: 0o600, flush: true })
  } catch (cause) {
    // Another command has made it at this very moment.
    const made = readKey(join(folder, name))
    if (made !== undefined) return made
    throw new CairnError('UNWRITABLE', `the key "${name}" cannot be written`, { cause })
  }
  return key
}

/** Undefined if there is none. FORBIDDEN for a file that others can read, BAD_CONFIG for one that is no key. */
function readKey(file: string): Uint8Array | undefined {
  const fd = openIfThere(file)
  if (fd === undefined) return undefined
  try {
    if ((fstatSync(fd).mode & 0o077) !== 0)
      throw new CairnError('FORBIDDEN', `${file} can be read by others`, { hint: `chmod 600 ${file}` })
    const buffer = Buffer.alloc(100)
    const text = buffer.toString('latin1', 0, readSync(fd, buffer)).trim()
    const key = Buffer.from(text, 'base64url')
    if (!/^[A-Za-z0-9_-]+$/.test(text) || key.byteLength !== KEY_BYTES)
      throw new CairnError('BAD_CONFIG', `${file} is no key`, { hint: 'remove it, and make another with `cairn sign`' })
    return key
  } finally {
    closeSync(fd)
  }
}

/** For a gateway: looks into the folder now and then, so that no request makes it read a file of its choice. */
export function signingKeyRing(repo: string, log: Logger): (name: string) => Uint8Array | undefined {
  let keys = new Map<string, Uint8Array>()
  let lookedAt = Number.NEGATIVE_INFINITY
  const look = () => {
    const found = new Map<string, Uint8Array>()
    for (const name of namesIn(signingKeysFolder(repo)).slice(0, LIMITS.signingKeys.value)) {
      try {
        const key = readKey(join(signingKeysFolder(repo), name))
        if (key !== undefined) found.set(name, key)
      } catch (error) {
        log.warn('a key for signed addresses is not used', { key: name, err: error })
      }
    }
    keys = found
  }
  return name => {
    const now = performance.now()
    if (now - lookedAt > LOOK_EVERY_MS) {
      lookedAt = now
      look()
    }
    return keys.get(name)
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter(name => KEY_NAME.test(name))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
