// The README of a folder, shown below its listing: markup of ours from its text.

import type { ContentApi, DirectoryEntry } from '../../../src/api/content.ts'
import type { DenyApi } from '../../../src/api/deny.ts'
import { KiB } from '../../../src/units.ts'
import type { Listing } from '../views/listing.ts'
import { renderMarkdown } from '../views/markdown.ts'
import { shown } from '../views/place.ts'
import { textAtHand } from './text.ts'

const README = /^readme(?:\.(?:md|markdown|txt))?$/i
const MOST_README_BYTES = 64 * KiB

/** Only what lies on this node: a listing waits for no block of its entries. */
export async function findReadme(
  { content, denylist }: { readonly content: ContentApi; readonly denylist: DenyApi },
  entries: readonly DirectoryEntry[],
  { host, signal }: { readonly host: string | undefined; readonly signal: AbortSignal },
): Promise<Listing['readme'] | 'elsewhere'> {
  const entry = entries.find(({ name }) => README.test(name))
  if (entry === undefined || denylist.check({ cid: entry.cid }) !== undefined) return undefined
  const text = await textAtHand(content.local, entry.cid, { signal, mostBytes: MOST_README_BYTES })
  if (text === undefined) return 'elsewhere'
  if (text === '') return undefined
  const isMarkdown = !/\.txt$/i.test(entry.name)
  const markup = isMarkdown
    ? renderMarkdown(text, { headingLevel: 3, host })
    : `<pre tabindex="0">${text.split('\n').map(shown).join('\n')}</pre>`
  return { name: entry.name, markup }
}
