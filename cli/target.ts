// What the path of a command leads to; for a bare CID nothing is read, so that it may be missing here.

import type { CID } from 'multiformats/cid'
import type { ContentPath } from '../src/api/content.ts'
import type { CairnNode } from '../src/api/node.ts'
import type { Wait } from '../src/block/source.ts'
import { parseContentPath } from '../src/dag/path.ts'
import { CairnError } from '../src/errors.ts'

type Node = Pick<CairnNode, 'content' | 'names'>

/** What only a node can read: `/ipns/…` and `ipns://…`. */
export const isNamePath = (text: string): boolean => /^(?:\/ipns\/|ipns:)/i.test(text)

/** Read at once if it can be, so that what is no path is told before anything is opened; names are followed by the node. */
export function givenPath(text: string): (node: Node, wait: Wait) => Promise<ContentPath> {
  if (isNamePath(text))
    return async (node, wait) => (await import('../src/names/path.ts')).followPath(node.names, text, wait)
  const path = parseContentPath(text)
  return async () => path
}

export async function targetOf(node: Node, text: string, wait: Wait): Promise<CID> {
  const path = await givenPath(text)(node, wait)
  return path.segments.length === 0 ? path.root : (await node.content.resolve(path, wait)).cid
}

/** For commands that read files, of what is neither a file nor a folder. */
export const noFile = (cid: CID): CairnError =>
  new CairnError('UNSUPPORTED_CODEC', `${cid} is no file: its codec is 0x${cid.code.toString(16)}`)
