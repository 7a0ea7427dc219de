// The content of a file met in a tree: what came with it, or read now.

import type { ContentApi, ReadOptions, TreeEntry } from '../../api/content.ts'

export type Content = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

export const entryContent = (
  content: Pick<ContentApi, 'read'>,
  { cid, bytes }: TreeEntry,
  options: ReadOptions,
): Content => (bytes === undefined ? content.read(cid, options) : [options.reuse === true ? bytes : bytes.slice()])
