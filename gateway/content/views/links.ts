// The links in a value of the IPLD data model, each named by the path to it inside the document.

import { CID } from 'multiformats/cid'
import type { BlockLink } from './block.ts'

/** More are not looked for: a page shows a few hundred. */
const MOST = 1000

export function documentLinks(value: unknown): BlockLink[] {
  const found: BlockLink[] = []
  collect(value, '', found)
  return found
}

function collect(value: unknown, name: string, found: BlockLink[]): void {
  if (found.length >= MOST || typeof value !== 'object' || value === null || value instanceof Uint8Array) return
  const cid = CID.asCID(value)
  if (cid !== null) {
    found.push({ name, cid, totalBytes: 0 })
    return
  }
  for (const [key, item] of Object.entries(value)) collect(item, name === '' ? key : `${name}/${key}`, found)
}
