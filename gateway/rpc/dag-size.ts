// The cumulative size of a DAG as its own links tell it: the block and the Tsize of each link.

import { decode } from '@ipld/dag-pb'
import type { CID } from 'multiformats/cid'
import { DAG_PB } from '../../src/block/cid.ts'
import type { BlockSource, Wait } from '../../src/block/source.ts'
import { loadBlock } from '../../src/dag/blocks.ts'

export async function cumulativeBytes(blocks: BlockSource, cid: CID, wait: Wait): Promise<number> {
  const bytes = await loadBlock(blocks, cid, wait)
  if (cid.code !== DAG_PB) return bytes.byteLength
  return decode(bytes).Links.reduce((sum, link) => sum + (link.Tsize ?? 0), bytes.byteLength)
}
