// The store in the shape that Helia wants (interface-blockstore): local blocks only, nothing unverified, nothing deleted.

import type { Blockstore } from 'interface-blockstore'
import type { CID } from 'multiformats/cid'
import { verifyBlock } from '../block/hash.ts'
import { CairnError, isCairnError } from '../errors.ts'
import type { Store } from '../store/store.ts'

const patient = { signal: new AbortController().signal }

export function heliaBlockstore(store: Pick<Store, 'get' | 'has' | 'cache'>): Blockstore {
  const get = async (cid: CID, signal?: AbortSignal): Promise<Uint8Array> => {
    try {
      return await store.get(cid, signal === undefined ? patient : { signal })
    } catch (error) {
      // Helia tells "ask the network" from "broken" by this name alone.
      if (isCairnError(error, 'BLOCK_NOT_LOCAL'))
        throw Object.assign(new Error(error.message, { cause: error }), { name: 'NotFoundError' })
      throw error
    }
  }
  /** What comes in here is a reader's: kept content enters through an operation of the store, never through Helia. */
  const put: Blockstore['put'] = async (cid, content) => {
    const bytes = await joined(content)
    verifyBlock(cid, bytes)
    await store.cache(cid, bytes)
    return cid
  }
  return {
    has: cid => store.has(cid),
    async *get(cid, options) {
      yield await get(cid, options?.signal)
    },
    put,
    async *putMany(source, options) {
      for await (const { cid, bytes } of source) yield put(cid, bytes, options)
    },
    async *getMany(source, options) {
      for await (const cid of source) yield { cid, bytes: this.get(cid, options) as AsyncGenerator<Uint8Array> }
    },
    delete: refuse,
    deleteMany: refuse,
    getAll: refuse,
  }
}

/** Helia's own pins and collector know nothing of leases and would delete what an operation needs (hazard H5). */
function refuse(): never {
  throw new CairnError('FORBIDDEN', 'blocks are removed by `cairn gc` alone', { hint: '' })
}

async function joined(content: Parameters<Blockstore['put']>[1]): Promise<Uint8Array> {
  if (content instanceof Uint8Array) return content
  const parts: Uint8Array[] = []
  for await (const part of content) parts.push(part)
  return Buffer.concat(parts)
}
