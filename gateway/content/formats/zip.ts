// A file or a whole folder as a ZIP stream, asked for with `?cairn=zip`: `format` names what every gateway has, and ZIP is ours.

import type { ContentApi, Resolved } from '../../../src/api/content.ts'
import { writeZip } from '../../../src/dag/export/zip.ts'
import type { Exchange, Representation } from '../respond.ts'
import { archiveEntries, archiveHeaders } from './archive.ts'

export const zipRepresentation = (content: ContentApi, exchange: Exchange, resolved: Resolved): Representation => ({
  etag: `W/"${resolved.cid}.zip"`,
  headers: archiveHeaders(exchange, resolved, 'zip'),
  type: () => 'application/zip',
  read: (_range, reuse) => writeZip(archiveEntries(content, exchange, resolved, reuse)),
})
