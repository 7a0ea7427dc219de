// What the path of a command leads to; for a bare CID nothing is read, so that it may be missing here.

import type { CID } from 'multiformats/cid'
import type { CairnNode } from '../src/api/node.ts'
import type { Wait } from '../src/block/source.ts'
import { parseContentPath } from '../src/dag/path.ts'
import { CairnError } from '../src/errors.ts'

export async function targetOf(node: Pick<CairnNode, 'content'>, text: string, wait: Wait): Promise<CID> {
  const path = parseContentPath(text)
  return path.segments.length === 0 ? path.root : (await node.content.resolve(path, wait)).cid
}

/** For commands that read files, of what is neither a file nor a folder. */
export const noFile = (cid: CID): CairnError =>
  new CairnError('UNSUPPORTED_CODEC', `${cid} is no file: its codec is 0x${cid.code.toString(16)}`)
