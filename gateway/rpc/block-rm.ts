// block/rm: what cannot be removed is told in the answer, not by its status (spec: kubo-rpc §2.2).

import type { CID } from 'multiformats/cid'
import type { CairnNode } from '../../src/api/node.ts'
import { isCairnError } from '../../src/errors.ts'
import { bool, command, values } from './command.ts'
import { cidOfArgument } from './paths.ts'

interface Removal {
  readonly node: CairnNode
  readonly force: boolean
  readonly quiet: boolean
  readonly signal: AbortSignal
  formatCid(cid: CID): string
}

export const blockRm = command({
  args: [{ name: 'cid', many: true }],
  options: { force: bool(false, 'f'), quiet: bool(false, 'q') },
  run: async ({ node, content, args, options, signal, formatCid }) => {
    const cids: CID[] = []
    for (const arg of args) cids.push(await cidOfArgument(content, arg, { signal }))
    return values(removeAll(cids, { node, ...options, signal, formatCid }))
  },
})

async function* removeAll(cids: readonly CID[], removal: Removal): AsyncGenerator<unknown> {
  for (const cid of cids) {
    const error = await remove(cid, removal)
    if (error !== '') yield { Hash: removal.formatCid(cid), Error: error }
    else if (!removal.quiet) yield { Hash: removal.formatCid(cid) }
  }
}

/** '' or why it is still there. */
async function remove(cid: CID, { node, force, signal }: Removal): Promise<string> {
  try {
    await node.removeBlock(cid, { signal, force })
    return ''
  } catch (error) {
    if (isCairnError(error, 'FORBIDDEN')) return error.message
    if (isCairnError(error, 'BLOCK_NOT_LOCAL')) return `ipld: could not find ${cid}`
    throw error
  }
}
