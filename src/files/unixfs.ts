// `node.unixfs`: @helia/unixfs over our store, for users of the library who edit trees by themselves.

import type { UnixFS } from '@helia/unixfs'
import type { Denylist } from '../policy/denylist.ts'
import { guardOperation, guardSource } from '../policy/guard.ts'
import type { Store } from '../store/store.ts'
import { operationBlockstore, readableBlockstore } from './blockstore.ts'

/** Blocks that it writes are kept and durable, and safe from collection for `store.grace`: pin the CID that comes out. */
export async function openUnixfs({ store, denylist }: { store: Store; denylist: Denylist }): Promise<UnixFS> {
  const { unixfs } = await import('@helia/unixfs')
  return unixfs({
    blockstore: {
      ...readableBlockstore(guardSource(store, denylist)),
      async put(cid, bytes, options) {
        await using operation = guardOperation(await store.begin('put'), denylist)
        await operationBlockstore(store, operation).put(cid, bytes, options)
        await operation.finish()
        return cid
      },
    },
  })
}
