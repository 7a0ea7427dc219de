// Content from this node's disk alone: what `offline=true` asks for (spec: kubo-rpc §1.3).

import type { ContentApi } from '../../src/api/content.ts'
import type { BlockSource } from '../../src/block/source.ts'
import { exportCar } from '../../src/dag/car/car-write.ts'
import { describeEntry, resolvePath } from '../../src/dag/resolve.ts'
import { listDirectory } from '../../src/dag/unixfs/list.ts'
import { readFile } from '../../src/dag/unixfs/read.ts'
import { walkTree } from '../../src/dag/unixfs/tree.ts'

export function localContent(local: BlockSource): ContentApi {
  return {
    resolve: (path, wait) => resolvePath(local, path, wait),
    read: (cid, options) => readFile(local, cid, options),
    list: (cid, wait) => listDirectory(local, cid, wait),
    tree: (cid, wait) => walkTree(local, cid, wait),
    stat: (cid, wait) => describeEntry(local, cid, wait),
    exportCar: (path, options) => exportCar(local, path, options),
    blocks: () => local,
    local,
  }
}
