// Content paths as people write them: `/ipfs/<cid>/a/b`, `<cid>/a/b`, `ipfs://<cid>/a%20b`.

import type { ContentPath } from '../api/content.ts'
import { parseCid } from '../block/cid.ts'
import { CairnError } from '../errors.ts'
import { enforce, LIMITS } from '../limits.ts'
import { escapeName } from './names.ts'

const URI = /^(ip[fn]s):(?:\/\/)?/i

/** Segments are literal, except in a URI, where each is percent-decoded once. `.` and `..` never lead above the root. */
export function parseContentPath(text: string): ContentPath {
  enforce('pathBytes', Buffer.byteLength(text), 'content path')
  const scheme = URI.exec(text)
  const parts = scheme === null ? splitPath(text) : splitUri(text, scheme)
  const [root = '', ...segments] = parts
  if (root === '') throw invalid(text, 'it names no CID')
  const path = { root: rootOf(root, text), segments: normalizeSegments(segments, text) }
  enforce('pathSegments', path.segments.length, 'content path')
  return path
}

export const formatContentPath = ({ root, segments }: ContentPath): string => ['/ipfs', root, ...segments].join('/')

/** Empty segments and `.` go, `..` takes one back; BAD_PATH if it would leave the content root. */
export function normalizeSegments(segments: readonly string[], text = `/${segments.join('/')}`): string[] {
  const kept: string[] = []
  for (const segment of segments) {
    if (segment === '' || segment === '.') continue
    if (segment !== '..') kept.push(segment)
    else if (kept.pop() === undefined) throw invalid(text, '`..` leads out of its root')
  }
  return kept
}

function splitPath(text: string): string[] {
  const parts = text.split('/')
  if (parts[0] !== '') return parts
  const [, namespace, ...rest] = parts
  if (namespace === 'ipfs') return rest
  if (namespace === 'ipns') throw namesComeLater(text)
  throw invalid(text, 'it begins with neither /ipfs/ nor a CID')
}

function splitUri(text: string, [prefix, scheme]: RegExpExecArray): string[] {
  if (scheme?.toLowerCase() === 'ipns') throw namesComeLater(text)
  const path = text.slice(prefix.length).replace(/[?#].*$/s, '')
  try {
    return path.split('/').map(decodeURIComponent)
  } catch (cause) {
    throw invalid(text, 'a percent sign is not followed by the two digits of a byte', cause)
  }
}

function rootOf(root: string, text: string) {
  try {
    return parseCid(root)
  } catch (cause) {
    if (!(cause instanceof CairnError) || cause.code !== 'BAD_CID') throw cause
    throw new CairnError('BAD_CID', `invalid path "${shown(text)}": "${shown(root)}" is not a CID`, { cause })
  }
}

const invalid = (text: string, why: string, cause?: unknown) =>
  new CairnError('BAD_PATH', `invalid path "${shown(text)}": ${why}`, { cause })

const namesComeLater = (text: string) =>
  new CairnError('BAD_PATH', `"${shown(text)}" is an IPNS path, and this version resolves CIDs alone`, {
    hint: 'give the /ipfs/<cid> path that the name points to',
  })

/** Paths come from anywhere and go to terminals. */
const shown = (text: string): string =>
  escapeName(text.length > LIMITS.pathSegments.value ? `${text.slice(0, LIMITS.pathSegments.value)}…` : text)
