// The store in the shape that @helia/unixfs wants (interface-blockstore): for editing trees under an operation.

import type { Blockstore } from 'interface-blockstore'
import type { Operation, Store } from '../store/store.ts'

/** Their signal is optional, ours is not. */
const NEVER = new AbortController().signal

export type EditableBlockstore = Pick<Blockstore, 'get' | 'put' | 'has'>

export function readableBlockstore(store: Pick<Store, 'get' | 'has'>): Pick<EditableBlockstore, 'get' | 'has'> {
  return {
    has: cid => store.has(cid),
    async *get(cid, options) {
      yield await store.get(cid, { signal: options?.signal ?? NEVER })
    },
  }
}

/** Every put is durable when it returns, since an edit reads back what it has just written. */
export function operationBlockstore(store: Store, operation: Operation): EditableBlockstore {
  return {
    ...readableBlockstore(store),
    async put(cid, bytes, options) {
      await operation.putVerified(cid, await joined(bytes), { signal: options?.signal ?? NEVER })
      await operation.flush()
      return cid
    },
  }
}

async function joined(bytes: Parameters<Blockstore['put']>[1]): Promise<Uint8Array> {
  if (bytes instanceof Uint8Array) return bytes
  const parts: Uint8Array[] = []
  for await (const part of bytes) parts.push(part)
  return Buffer.concat(parts)
}
