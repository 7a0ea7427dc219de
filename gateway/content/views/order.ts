// The orders of a listing: by name, size or type, folders before files.

import type { Sort } from './listing.ts'
import type { ListingEntry } from './row.ts'

type Order = (a: ListingEntry, b: ListingEntry) => number

const collator = new Intl.Collator('en', { numeric: true })
const byName: Order = (a, b) => collator.compare(a.name, b.name)
const foldersFirst: Order = (a, b) => Number(b.look === 'folder') - Number(a.look === 'folder')
const extension = ({ name }: ListingEntry) => /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? ''
const byType: Order = (a, b) => collator.compare(a.look, b.look) || collator.compare(extension(a), extension(b))

export const ORDERS: Record<Sort, Order> = {
  name: (a, b) => foldersFirst(a, b) || byName(a, b),
  '-name': (a, b) => foldersFirst(a, b) || byName(b, a),
  size: (a, b) => a.totalBytes - b.totalBytes || byName(a, b),
  '-size': (a, b) => b.totalBytes - a.totalBytes || byName(a, b),
  type: (a, b) => foldersFirst(a, b) || byType(a, b) || byName(a, b),
  '-type': (a, b) => foldersFirst(b, a) || byType(b, a) || byName(a, b),
}
