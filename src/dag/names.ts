// Names that others chose: which of them may become a file here, and how each is shown without being obeyed.

import { CairnError } from '../errors.ts'

/** NAME_MAX of every file system that matters. */
const MAX_NAME_BYTES = 255

/** What Windows reserves, besides the characters that it forbids. */
const WINDOWS_RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$|[. ]$/i
const WINDOWS_FORBIDDEN = /[\\:*?"<>|]|\p{Cc}/u

/** UNSAFE_NAME unless this is one plain name of a file: the guard of everything that is written to disk. */
export function checkName(name: string, platform: NodeJS.Platform = process.platform): void {
  const fault = faultOf(name, platform)
  if (fault !== undefined) throw new CairnError('UNSAFE_NAME', `the name "${escapeName(name)}" ${fault}`)
}

/** The same inside an archive, where a name is bytes: whether they can become a file is for whoever unpacks it. */
export function checkArchiveName(name: string): void {
  const isBytes = name.isWellFormed() || textOfName(bytesOfName(name)) === name
  const fault = isBytes ? plainFaultOf(name) : 'is not UTF-8'
  if (fault !== undefined) throw new CairnError('UNSAFE_NAME', `the name "${escapeName(name)}" ${fault}`)
}

function faultOf(name: string, platform: NodeJS.Platform): string | undefined {
  const fault = plainFaultOf(name)
  if (fault !== undefined) return fault
  // Bytes that are no UTF-8, and what others made of them: several names may have become this one.
  if (name.includes('\ufffd') || !name.isWellFormed()) return 'is not UTF-8'
  if (platform === 'win32' && (WINDOWS_RESERVED.test(name) || WINDOWS_FORBIDDEN.test(name))) return 'is reserved'
  return undefined
}

function plainFaultOf(name: string): string | undefined {
  if (name === '') return 'is empty'
  if (name === '.' || name === '..') return 'stands for another folder'
  if (name.includes('/')) return 'has a slash in it'
  if (name.includes('\0')) return 'has a NUL in it'
  const bytes = name.isWellFormed() ? Buffer.byteLength(name) : bytesOfName(name).byteLength
  if (bytes > MAX_NAME_BYTES) return `is longer than ${MAX_NAME_BYTES} bytes`
  return undefined
}

/** Controls, and what is not seen or turns the text around it; joiners stay, scripts and emoji need them. */
const OBEYED = /(?!\u200c|\u200d)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** For terminals and logs: what they would obey is written as `\x1b` or `\u202e`. */
export function escapeName(name: string): string {
  return name.replace(OBEYED, character => {
    const code = character.codePointAt(0) as number
    if (isByte(code)) return '\ufffd'
    if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`
    return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`
  })
}

/** Where bytes that are no UTF-8 stand in a text, each as one lone surrogate: names are bytes, and have to come back. */
const BYTE = 0xdc00
const isByte = (code: number): boolean => code >= BYTE + 0x80 && code <= BYTE + 0xff

const UTF8_OR_BYTE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: bytes are what is meant
  /[\x00-\x7f]+|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}|[\x80-\xff]/g

/** A name as text, from which `bytesOfName` makes the same bytes again, whatever they are. */
export function textOfName(bytes: Uint8Array): string {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const text = view.toString('utf8')
  if (!text.includes('\ufffd')) return text
  return view.toString('latin1').replace(UTF8_OR_BYTE, part => {
    const code = part.charCodeAt(0)
    if (part.length > 1 || code < 0x80) return Buffer.from(part, 'latin1').toString('utf8')
    return String.fromCharCode(BYTE + code)
  })
}

export function bytesOfName(name: string): Uint8Array {
  if (name.isWellFormed()) return Buffer.from(name)
  return Buffer.concat(
    [...name].map(point => {
      const code = point.codePointAt(0) as number
      return isByte(code) ? Buffer.of(code - BYTE) : Buffer.from(point)
    }),
  )
}
