// The entries of an archive of some content: everything below it, under the name of its CID (spec: gateway §2.15).

import type { ContentApi, Resolved, TreeEntry } from '../../../src/api/content.ts'
import { entryContent } from '../../../src/dag/export/entry-content.ts'
import type { TarEntry } from '../../../src/dag/export/tar.ts'
import { escapeName } from '../../../src/dag/names.ts'
import { CairnError } from '../../../src/errors.ts'
import { contentCaching } from '../caching.ts'
import { disposition } from '../disposition.ts'
import { contentHeaders, type Exchange } from '../respond.ts'
import type { Headers } from '../stream.ts'

export function archiveHeaders({ request }: Exchange, resolved: Resolved, extension: string): Headers {
  const name = request.parameters.get('filename') || `${resolved.cid}.${extension}`
  return {
    ...contentHeaders(request, resolved),
    ...contentCaching(request),
    'Content-Disposition': disposition('attachment', name),
    'X-Content-Type-Options': 'nosniff',
    'Accept-Ranges': 'none',
  }
}

/** With `reuse` a chunk of a file may be overwritten when the next is asked for. */
export async function* archiveEntries(
  content: ContentApi,
  { request, wait }: Exchange,
  { cid }: Resolved,
  reuse: boolean,
): AsyncGenerator<TarEntry> {
  const { root } = request.path
  const { signal } = wait
  let hasLinks = false
  for await (const entry of content.tree(cid, { root, signal })) {
    if (entry.kind === 'other') throw new CairnError('BAD_BLOCK', `${entry.cid} is neither a file nor a folder`)
    const path = hasLinks ? entry.path : normalized(entry)
    hasLinks ||= entry.kind === 'symlink'
    const head = {
      path: [String(cid), ...path],
      kind: entry.kind,
      mode: entry.mode,
      mtime: entry.mtime ?? { secs: 0n, nsecs: 0 },
      target: entry.target,
      sizeBytes: entry.kind === 'file' ? entry.sizeBytes : 0,
    }
    yield entry.kind === 'file' ? { ...head, content: entryContent(content, entry, { root, signal, reuse }) } : head
  }
}

/**
 * A name such as `../file` stands for a place, if that is still inside. Not behind a symlink, which would make it a place
 * outside: then the name stays what it is, and the archive refuses it.
 */
function normalized({ path, cid }: TreeEntry): readonly string[] {
  if (!path.some(name => name.includes('/'))) return path
  const outside = () =>
    new CairnError('UNSAFE_NAME', `"${escapeName(path.join('/'))}" (${cid}) lies outside of its folder`)
  const kept: string[] = []
  for (const step of path.flatMap(name => name.split('/'))) {
    if (step === '' || step === '.') continue
    if (step !== '..') kept.push(step)
    else if (kept.pop() === undefined) throw outside()
  }
  if (kept.length === 0) throw outside()
  return kept
}
