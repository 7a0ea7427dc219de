// Names that others chose: which of them may become a file here, and how each is shown without being obeyed.

import { CairnError } from '../errors.ts'

/** NAME_MAX of every file system that matters. */
const MAX_NAME_BYTES = 255

/** What Windows reserves, besides the characters that it forbids. */
const WINDOWS_RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$|[. ]$/i
const WINDOWS_FORBIDDEN = /[\\:*?"<>|]|\p{Cc}/u

/** UNSAFE_NAME unless this is one plain name of a file: the guard of everything that leaves (get, TAR, listings on disk). */
export function checkName(name: string, platform: NodeJS.Platform = process.platform): void {
  const fault = faultOf(name, platform)
  if (fault !== undefined) throw new CairnError('UNSAFE_NAME', `the name "${escapeName(name)}" ${fault}`)
}

function faultOf(name: string, platform: NodeJS.Platform): string | undefined {
  if (name === '') return 'is empty'
  if (name === '.' || name === '..') return 'stands for another folder'
  if (name.includes('/')) return 'has a slash in it'
  if (name.includes('\0')) return 'has a NUL in it'
  // Bytes that are no UTF-8 were read as U+FFFD: several names may have become this one.
  if (name.includes('\ufffd') || !name.isWellFormed()) return 'is not UTF-8'
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) return `is longer than ${MAX_NAME_BYTES} bytes`
  if (platform === 'win32' && (WINDOWS_RESERVED.test(name) || WINDOWS_FORBIDDEN.test(name))) return 'is reserved'
  return undefined
}

/** Controls, and what is not seen or turns the text around it; joiners stay, scripts and emoji need them. */
const OBEYED = /(?!\u200c|\u200d)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** For terminals and logs: what they would obey is written as `\x1b` or `\u202e`. */
export function escapeName(name: string): string {
  return name.replace(OBEYED, character => {
    const code = character.codePointAt(0) as number
    if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`
    return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`
  })
}
