// The blocks that pins keep without naming them: what the DAGs of recursive pins hold below their roots.

import type { CID } from 'multiformats/cid'
import type { CairnNode } from '../../src/api/node.ts'
import type { Wait } from '../../src/block/source.ts'
import { walkDag } from '../../src/dag/walk.ts'
import { BlockSet } from './block-set.ts'

/** Each once; what is pinned by name is left out. */
export async function* indirectPins(node: CairnNode, { signal }: Wait): AsyncGenerator<CID> {
  const named = new BlockSet()
  for await (const { cid } of node.pins.ls({ status: 'pinned', signal })) named.add(cid)
  const seen = new BlockSet()
  for await (const { cid: root } of node.pins.ls({ mode: 'recursive', status: 'pinned', signal })) {
    for await (const { cid } of walkDag(node.content.local, root, { signal })) {
      if (!named.has(cid) && seen.add(cid)) yield cid
    }
  }
}
