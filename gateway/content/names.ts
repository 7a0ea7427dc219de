// Names on their way in and out of URLs: each segment is decoded once and encoded once (spec: gateway §1.4).

import { bytesOfName, escapeName, textOfName } from '../../src/dag/names.ts'
import { CairnError } from '../../src/errors.ts'

const PLAIN_ASCII = /^[\x21-\x24\x26-\x7e]*$/
const KEPT = /^[A-Za-z0-9\-._~$&+=:@]*$/
const BACK_TO_LITERAL = /%(?:24|26|2B|3D|3A|40)/g
const ALSO_ENCODED = /[!'()*]/g

/** One path segment as it stood in the request target; BAD_PATH if its escapes are none (spec: gateway §1.4). */
export function decodeSegment(raw: string): string {
  if (PLAIN_ASCII.test(raw)) return raw
  try {
    return decodeURIComponent(raw)
  } catch (cause) {
    if (/%(?![0-9a-f]{2})/i.test(raw)) {
      throw new CairnError('BAD_PATH', `"${escapeName(raw)}" is not percent-encoded`, { cause })
    }
  }
  // Names are bytes: what is no UTF-8 may be one all the same.
  const bytes = raw.replace(/%(..)/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
  return textOfName(Buffer.from(bytes, 'latin1'))
}

/** A name as a path segment: upper-case hex, `$ & + = : @` literal, as Go's gateways write it. */
export function encodeSegment(name: string): string {
  if (KEPT.test(name)) return name
  return encodeBytes(name)
    .replace(BACK_TO_LITERAL, code => String.fromCharCode(Number.parseInt(code.slice(1), 16)))
    .replace(ALSO_ENCODED, char => `%${hex(char.charCodeAt(0))}`)
}

/** Bytes that are no UTF-8 come out as they went in. */
function encodeBytes(name: string): string {
  if (name.isWellFormed()) return encodeURIComponent(name)
  const bytes = Buffer.from(bytesOfName(name)).toString('latin1')
  return bytes.replace(/[^A-Za-z0-9\-._~]/g, byte => `%${hex(byte.charCodeAt(0))}`)
}

export const encodePath = (segments: readonly string[]): string =>
  segments.map(segment => `/${encodeSegment(segment)}`).join('')

/** As Go's `url.QueryEscape`, but with %20 for the space: what may stand in a query value and in `filename*`. */
export const encodeValue = (text: string): string =>
  encodeURIComponent(text.toWellFormed()).replace(ALSO_ENCODED, char => `%${hex(char.charCodeAt(0))}`)

const hex = (code: number): string => code.toString(16).toUpperCase().padStart(2, '0')
