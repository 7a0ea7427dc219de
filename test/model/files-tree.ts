// The file tree of the model test: an entry linked and unlinked, as `files cp` and `files rm` of a node do it.

import { CID } from 'multiformats/cid'
import { operationBlockstore } from '../../src/files/blockstore.ts'
import { filesRoot, linkInFiles } from '../../src/files/mfs.ts'
import type { Operation, Statement, Store } from '../../src/store/store.ts'
import { WAIT } from '../store/support.ts'

export const linkInTree = (store: Store, operation: Operation, name: string, cid: CID): Promise<Statement[]> =>
  linkInFiles({ store, operation, entries: [{ name, cid }], path: '/', ...WAIT })

/** A root has changed, and what it kept can go. */
const gone = ['roots_version', 'epoch'].map(
  (key): Statement => ({ sql: 'UPDATE meta SET value = value + 1 WHERE key = ?', params: [key] }),
)

export async function unlinkFromTree(store: Store, name: string): Promise<void> {
  const before = filesRoot(store)
  if (before === undefined) throw new Error('there is no file tree')
  const { unixfs } = await import('@helia/unixfs')
  await using operation = await store.begin('add')
  const after: CID = CID.decode(
    (await unixfs({ blockstore: operationBlockstore(store, operation) }).rm(before, name, WAIT)).bytes,
  )
  const moved: Statement = {
    sql: "UPDATE roots SET cid = ? WHERE kind = 'mfs' AND key = '/' AND cid = ?",
    params: [after.bytes, before.bytes],
    expect: { changes: 1, otherwise: { code: 'NOT_FOUND', message: 'the tree was changed meanwhile' } },
  }
  await operation.finish([moved, ...gone])
}
