// A file or a whole folder as a TAR stream (spec: gateway §2.15).

import type { ContentApi, Resolved } from '../../../src/api/content.ts'
import { writeTar } from '../../../src/dag/export/tar.ts'
import { mediaTypeOf } from '../negotiate.ts'
import type { Exchange, Representation } from '../respond.ts'
import { archiveEntries, archiveHeaders } from './archive.ts'

export const tarRepresentation = (content: ContentApi, exchange: Exchange, resolved: Resolved): Representation => ({
  etag: `W/"${resolved.cid}.x-tar"`,
  headers: archiveHeaders(exchange, resolved, 'tar'),
  type: () => mediaTypeOf('tar'),
  read: (_range, reuse) => writeTar(archiveEntries(content, exchange, resolved, reuse), { reuse }),
})
