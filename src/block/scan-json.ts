// DAG-JSON by scanning: guards the decoder against depth and endless numbers, and finds links in stored order.

import { decode } from '@ipld/dag-json'
import { CID } from 'multiformats/cid'
import { CairnError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { malformed } from './varint.ts'

/** The decoder takes time by the square of a number's digits; no number of use has so many. */
const MAX_DIGITS = 1024

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** BAD_BLOCK for nesting or numbers that a recursive decoder must not be given. */
export function guardJson(bytes: Uint8Array): void {
  let depth = 0
  let digits = 0
  let inString = false
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number
    if (inString) {
      if (byte === BACKSLASH) at++
      else if (byte === QUOTE) inString = false
      continue
    }
    digits = byte >= 0x30 && byte <= 0x39 ? digits + 1 : 0
    if (digits > MAX_DIGITS) throw malformed(`has a number of more than ${MAX_DIGITS} digits`, at)
    if (byte === QUOTE) inString = true
    else if (byte === 0x5b || byte === 0x7b) depth++
    else if (byte === 0x5d || byte === 0x7d) depth--
    if (depth > LIMITS.codecDepth.value) throw malformed(`is nested deeper than ${LIMITS.codecDepth.value} levels`, at)
  }
}

/** A DAG-JSON block as a value, with CIDs for its links. */
export function decodeDagJson(bytes: Uint8Array): unknown {
  guardJson(bytes)
  try {
    return decode(bytes)
  } catch (cause) {
    throw new CairnError('BAD_BLOCK', 'the block is not DAG-JSON', { cause })
  }
}

/** An object whose first key is "/" and whose value is text can only be a link: the decoder has made sure. */
const LINK = /\{\s*"(?:\/|\\\/|\\u002[fF])"\s*:\s*("(?:[^"\\]|\\.)*")|"(?:[^"\\]|\\.)*"/g

/** The links in the order in which they are written, which the keys of a decoded object may not keep. */
export function scanJsonLinks(bytes: Uint8Array): CID[] {
  decodeDagJson(bytes)
  const links: CID[] = []
  const text = new TextDecoder().decode(bytes)
  for (const [, link] of text.matchAll(LINK)) {
    if (link !== undefined) links.push(CID.parse(JSON.parse(link) as string))
  }
  return links
}
