// A file or a whole folder as a TAR stream, under the name of its CID (spec: gateway §2.15).

import type { ContentApi, Resolved, TreeEntry } from '../../../src/api/content.ts'
import { type TarEntry, writeTar } from '../../../src/dag/export/tar.ts'
import { escapeName } from '../../../src/dag/names.ts'
import { CairnError } from '../../../src/errors.ts'
import { contentCaching } from '../caching.ts'
import { disposition } from '../disposition.ts'
import { mediaTypeOf } from '../negotiate.ts'
import { contentHeaders, type Exchange, type Representation } from '../respond.ts'

export function tarRepresentation(
  content: ContentApi,
  { request, wait }: Exchange,
  resolved: Resolved,
): Representation {
  const { cid } = resolved
  const { root } = request.path
  const headers = contentHeaders(request, resolved)
  Object.assign(headers, contentCaching(request))
  headers['Content-Disposition'] = disposition('attachment', request.parameters.get('filename') || `${cid}.tar`)
  headers['X-Content-Type-Options'] = 'nosniff'
  const { signal } = wait
  let hasLinks = false
  const toTar = (entry: TreeEntry, reuse: boolean): TarEntry => {
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
    return entry.kind === 'file' ? { ...head, content: content.read(entry.cid, { root, signal, reuse }) } : head
  }
  return {
    etag: `W/"${cid}.x-tar"`,
    headers,
    type: () => mediaTypeOf('tar'),
    read: (_range, reuse) => writeTar(mapEntries(content.tree(cid, { root, signal }), entry => toTar(entry, reuse))),
  }
}

async function* mapEntries<A, B>(items: AsyncIterable<A>, change: (item: A) => B): AsyncGenerator<B> {
  for await (const item of items) yield change(item)
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
