// A listing that is sent while its entries are still on their way: what is there at once, then each as it comes.

import type { DirectoryEntry } from '../../../src/api/content.ts'
import { type Listing, ROWS, renderListing } from '../views/listing.ts'
import { hereOf } from '../views/place.ts'
import { type ListingEntry, renderRow } from '../views/row.ts'

export const LATE = Symbol('late')

/** The same items; and once, where the next one has not come within the time, LATE in front of it. Undefined: never. */
export async function* inTime<T>(
  items: AsyncIterable<T>,
  patienceMs: number | undefined,
): AsyncGenerator<T | typeof LATE, undefined, undefined> {
  const iterator = items[Symbol.asyncIterator]()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<typeof LATE>(resolve => {
    if (patienceMs !== undefined) timer = setTimeout(resolve, patienceMs, LATE)
  })
  try {
    let isPatient = patienceMs !== undefined
    for (let next = iterator.next(); ; next = iterator.next()) {
      if (isPatient && (await Promise.race([next, late])) === LATE) {
        isPatient = false
        yield LATE
      }
      const { value, done } = await next
      if (done === true) return undefined
      yield value
    }
  } finally {
    clearTimeout(timer)
    // It may be waiting for a network still; that ends with the request, which nobody here waits for.
    iterator.return?.()?.catch(() => {})
  }
}

const PAUSE = Symbol('pause')

/** The same items, and PAUSE where the next one is not at hand: then what has been gathered is worth sending. */
async function* marked<T>(items: AsyncIterator<T>): AsyncGenerator<T | typeof PAUSE> {
  try {
    for (let next = items.next(); ; next = items.next()) {
      const pause = new Promise<typeof PAUSE>(resolve => setImmediate(resolve, PAUSE))
      if ((await Promise.race([next, pause])) === PAUSE) yield PAUSE
      const { value, done } = await next
      if (done === true) return
      yield value
    }
  } finally {
    await items.return?.()
  }
}

interface Arriving {
  readonly page: Pick<Listing, 'place' | 'cid' | 'pageNumber'>
  readonly known: readonly DirectoryEntry[]
  readonly more: AsyncIterator<DirectoryEntry | typeof LATE>
  readonly toRow: (entry: DirectoryEntry) => ListingEntry
  readonly most: number
}

export async function* arrivingListing({ page, known, more, toRow, most }: Arriving): AsyncGenerator<Uint8Array> {
  const frame = async (hasNext: boolean) => {
    const empty = { ...page, entries: [], hasNext, sort: undefined, readme: undefined, isArriving: true }
    return String(await renderListing(empty)).split(ROWS)
  }
  const here = hereOf(page.place)
  const row = (entry: DirectoryEntry) => renderRow(toRow(entry), here, page.place)
  const [start] = await frame(false)
  yield Buffer.from(start + known.map(row).join(''))
  let count = known.length
  let rows = ''
  for await (const entry of marked(more)) {
    if (entry === PAUSE) {
      if (rows !== '') yield Buffer.from(rows)
      rows = ''
    } else if (entry !== LATE) {
      if (++count > most) break
      rows += row(entry)
    }
  }
  const [, end] = await frame(count > most)
  yield Buffer.from(rows + String(end))
}
