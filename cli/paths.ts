// Content paths as people type and paste them: a CID, `/ipfs/<cid>/a/b`, `ipfs://<cid>/a/b`.

import type { ContentPath } from '../src/api.ts'
import { parseCid } from '../src/block/cid.ts'
import { CairnError } from '../src/errors.ts'
import { enforce } from '../src/limits.ts'

/** BAD_PATH for what is none, BAD_CID if its root is none. Names stand as they are: nothing is percent-decoded outside a URI. */
export function parsePath(text: string): ContentPath {
  enforce('pathBytes', Buffer.byteLength(text), 'content path')
  const uri = /^(ipfs|ipns):(?:\/\/)?(.*)$/is.exec(text)
  const plain = uri === null ? text : `/${uri[1]?.toLowerCase()}/${decodeUri(uri[2] ?? '')}`
  if (/^\/?ipns\//.test(plain))
    throw new CairnError('BAD_PATH', `${text}: names cannot be resolved yet`, {
      hint: 'give the /ipfs/<cid> it points to',
    })
  const segments = plain
    .replace(/^\/?ipfs\//, '')
    .split('/')
    .filter(segment => segment !== '')
  const root = segments.shift()
  if (root === undefined || (plain.startsWith('/') && !plain.startsWith('/ipfs/')))
    throw new CairnError('BAD_PATH', `"${text}" is not a content path`)
  enforce('pathSegments', segments.length, 'content path')
  return { root: parseCid(root), segments }
}

function decodeUri(text: string): string {
  try {
    return decodeURIComponent(text.replace(/[?#].*$/s, ''))
  } catch (cause) {
    throw new CairnError('BAD_PATH', `"${text}" is not a URI: a percent sign is wrong`, { cause })
  }
}

/** `/ipfs/<cid>/a/b`. */
export const formatPath = ({ root, segments }: ContentPath): string => ['', 'ipfs', root, ...segments].join('/')
