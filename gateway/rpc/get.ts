// get: a file or folder as a TAR stream, compressed if asked (spec: kubo-rpc §2.1).

import { pipeline } from 'node:stream'
import { createGzip } from 'node:zlib'
import type { CID } from 'multiformats/cid'
import type { ContentApi, Entry } from '../../src/api/content.ts'
import { entryContent } from '../../src/dag/export/entry-content.ts'
import { type TarEntry, writeTar } from '../../src/dag/export/tar.ts'
import { CairnError } from '../../src/errors.ts'
import { bool, command, int, type Reply, text } from './command.ts'
import { cumulativeBytes } from './dag-size.ts'
import { failure } from './errors.ts'
import { resolveArgument } from './paths.ts'

interface Wanted {
  readonly content: ContentApi
  readonly entry: Entry & { readonly root: CID }
  readonly name: string
  readonly signal: AbortSignal
}

export const getCommand = command({
  args: [{ name: 'ipfs-path' }],
  options: {
    output: text('', 'o'),
    archive: bool(false, 'a'),
    compress: bool(false, 'C'),
    'compression-level': int(6, 'l'),
    progress: bool(true, 'p'),
  },
  run: async ({ content, args: [path = ''], options, signal }): Promise<Reply> => {
    const { compress, archive, 'compression-level': level } = options
    if (compress && (level < 1 || level > 9)) throw failure('compression level must be between 1 and 9')
    const entry = await resolveArgument(content, path, { signal })
    if (entry.kind === 'other') throw new CairnError('NOT_A_FILE', `${entry.cid} is not a file or folder`)
    const name = entry.segments.at(-1) ?? entry.root.toString()
    const wanted = { content, entry, name, signal }
    const length =
      entry.kind === 'directory'
        ? await cumulativeBytes(content.blocks(entry.root), entry.cid, { signal })
        : entry.sizeBytes
    if (!compress) return { kind: 'bytes', type: 'application/x-tar', length, content: writeTar(tarEntries(wanted)) }
    const packed = gzip(archive ? writeTar(tarEntries(wanted)) : bareFile(wanted), level)
    return { kind: 'bytes', type: 'application/gzip', length, content: packed }
  },
})

async function* tarEntries({ content, entry, name, signal }: Wanted): AsyncGenerator<TarEntry> {
  // Kubo dates what has no time of its own to the moment of asking, and so does everybody's tar.
  const now = { secs: BigInt(Math.floor(Date.now() / 1000)), nsecs: 0 }
  const { root } = entry
  for await (const found of content.tree(entry.cid, { root, signal })) {
    const { cid, kind, path, sizeBytes, mode, mtime = now, target } = found
    if (kind === 'other') throw new CairnError('NOT_A_FILE', `${cid} is not a file or folder`)
    const head = { path: [name, ...path], kind, sizeBytes, mode, mtime, target }
    yield kind === 'file' ? { ...head, content: entryContent(content, found, { root, signal, reuse: true }) } : head
  }
}

/** A folder has no bytes of its own; the command line asks for an archive by itself. */
async function* bareFile({ content, entry, signal }: Wanted): AsyncGenerator<Uint8Array> {
  if (entry.kind !== 'file') throw failure('file is not regular')
  yield* content.read(entry.cid, { root: entry.root, signal })
}

async function* gzip(source: AsyncIterable<Uint8Array>, level: number): AsyncGenerator<Uint8Array> {
  // A failure of the source comes out of the stream it feeds.
  const packer = pipeline(copies(source), createGzip({ level }), () => {})
  yield* packer as AsyncIterable<Uint8Array>
}

/** The stream keeps chunks for a while: buffers that are used again must not get into it. */
async function* copies(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) yield Uint8Array.from(chunk)
}
