// Any block as a page: asked for with `?cairn=dag`, and what a browser gets for a dag-json or dag-cbor document (spec: gateway §2.12).

import type { ContentApi, Resolved } from '../../../src/api/content.ts'
import { DAG_CBOR, DAG_JSON, DAG_PB, RAW } from '../../../src/block/cid.ts'
import { loadBlock } from '../../../src/dag/blocks.ts'
import { decodeBlock, isDocument } from '../../../src/dag/codecs.ts'
import { hasUnixfs, nameText, readNode } from '../../../src/dag/unixfs/node.ts'
import { isCairnError } from '../../../src/errors.ts'
import { formatSize, KiB } from '../../../src/units.ts'
import type { Exchange, Representation } from '../respond.ts'
import { BLOCK_VERSION, type BlockLink, type BlockPage, renderBlock } from '../views/block.ts'
import { documentLinks } from '../views/links.ts'
import { placeOf } from '../views/place.ts'
import { pageRepresentation } from './page.ts'

/** Millions of values fit into one block: to take them apart would keep everybody waiting, for a page that nobody reads. */
const MOST_DOCUMENT_BYTES = 256 * KiB

/** Codecs whose documents people get as a page, and programs as they are. */
export const hasPreview = (codec: number): boolean => codec === DAG_JSON || codec === DAG_CBOR

export async function blockRepresentation(
  content: ContentApi,
  exchange: Exchange,
  resolved: Resolved,
): Promise<Representation> {
  const { request, wait } = exchange
  const { cid } = resolved
  const bytes = await loadBlock(content.blocks(request.path.root), cid, wait)
  const place = placeOf(request)
  const html = String(await renderBlock({ place, cid, bytes, ...describe(resolved, bytes) }))
  return pageRepresentation(exchange, resolved, {
    etag: `"DagIndex-${BLOCK_VERSION}_CID-${cid}"`,
    html,
    guards: { hasScript: true },
  })
}

type Description = Pick<BlockPage, 'kind' | 'links' | 'value' | 'fault'>

/** A block that is not what its CID says is shown all the same: its bytes are true to the address. */
function describe(resolved: Resolved, bytes: Uint8Array): Description {
  try {
    return read(resolved, bytes)
  } catch (error) {
    if (!isCairnError(error)) throw error
    return { kind: 'cannot be read', links: [], value: undefined, fault: error.message }
  }
}

function read({ cid, kind, sizeBytes }: Resolved, bytes: Uint8Array): Description {
  if (cid.code === RAW) return { kind: 'bytes of a file', links: [], value: undefined, fault: '' }
  if (cid.code === DAG_PB && hasUnixfs(cid, bytes)) {
    const { unixfs, links } = readNode(cid, bytes)
    const words = {
      directory: 'folder',
      shard: 'part of a sharded folder',
      symlink: 'symbolic link',
      file: `file of ${formatSize(sizeBytes)}`,
      raw: 'bytes of a file',
    }
    const found: BlockLink[] = []
    for (let index = 0; index < links.count; index++) {
      found.push({ name: nameText(links.name(index)), cid: links.cid(index), totalBytes: links.totalBytes(index) })
    }
    const word = (words as Partial<Record<string, string>>)[unixfs.type] ?? unixfs.type
    return {
      kind: kind === 'file' && links.count > 0 ? `${word} in ${links.count} parts` : word,
      links: found,
      value: undefined,
      fault: '',
    }
  }
  if (cid.code !== DAG_PB && !isDocument(cid.code)) return { kind: 'block', links: [], value: undefined, fault: '' }
  if (bytes.byteLength > MOST_DOCUMENT_BYTES) {
    const fault = `A document of more than ${formatSize(MOST_DOCUMENT_BYTES)} is not taken apart here.`
    return { kind: 'document', links: [], value: undefined, fault }
  }
  const value = decodeBlock(cid, bytes)
  return { kind: cid.code === DAG_PB ? 'node' : 'document', links: documentLinks(value), value: { value }, fault: '' }
}
