// `node.unixfs`: @helia/unixfs over our store, for users of the library who edit trees by themselves.

import type { UnixFS } from '@helia/unixfs'
import type { Store } from '../store/store.ts'
import { operationBlockstore, readableBlockstore } from './blockstore.ts'

/** Blocks that it writes are kept and durable, and safe from collection for `store.grace`: pin the CID that comes out. */
export async function openUnixfs(store: Store): Promise<UnixFS> {
  const { unixfs } = await import('@helia/unixfs')
  return unixfs({
    blockstore: {
      ...readableBlockstore(store),
      async put(cid, bytes, options) {
        await using operation = await store.begin('put')
        await operationBlockstore(store, operation).put(cid, bytes, options)
        await operation.finish()
        return cid
      },
    },
  })
}
