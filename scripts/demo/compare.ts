// Comparing byte by byte: a folder with another folder, and with what a gateway serves.

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readlink, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join, normalize, relative } from 'node:path'

const AT_ONCE = 16

export interface Tree {
  /** Paths relative to the folder, sorted. */
  readonly files: readonly string[]
  readonly folders: readonly string[]
  readonly links: readonly Link[]
  readonly bytes: number
}

export interface Link {
  readonly path: string
  readonly target: string
}

/** `cairn get` does not write a link through which a later write could leave the folder. */
export function leadsOut({ path, target }: Link): boolean {
  return isAbsolute(target) || normalize(join(dirname(path), target)).startsWith('..')
}

export async function scanTree(folder: string): Promise<Tree> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const pathOf = (entry: (typeof entries)[number]) => relative(folder, join(entry.parentPath, entry.name))
  const files = entries.filter(entry => entry.isFile()).map(pathOf)
  const links = entries.filter(entry => entry.isSymbolicLink()).map(pathOf)
  const sizes = await inLanes(files, async path => (await stat(join(folder, path))).size)
  return {
    files: files.sort(),
    folders: entries
      .filter(entry => entry.isDirectory())
      .map(pathOf)
      .sort(),
    links: await inLanes(links.sort(), async path => ({ path, target: await readlink(join(folder, path)) })),
    bytes: sizes.reduce((sum, size) => sum + size, 0),
  }
}

/** Throws at the first difference; the number of entries compared. */
export async function compareTrees(expected: Tree, found: Tree, from: string, to: string): Promise<number> {
  for (const kind of ['files', 'folders', 'links'] as const) {
    const [want, have] = [expected[kind], found[kind]].map(list => list.map(entry => JSON.stringify(entry)))
    const missing = without(want, have)
    const extra = without(have, want)
    if (missing !== undefined) throw new Error(`${kind}: ${missing} is missing`)
    if (extra !== undefined) throw new Error(`${kind}: ${extra} is too much`)
  }
  await inLanes(expected.files, async path => {
    const [want, have] = await Promise.all([hashFile(join(from, path)), hashFile(join(to, path))])
    if (want !== have) throw new Error(`${path} differs`)
  })
  return expected.files.length + expected.folders.length + expected.links.length
}

function without(these: readonly string[] = [], those: readonly string[] = []): string | undefined {
  const known = new Set(those)
  return these.find(one => !known.has(one))
}

export interface GatewayComparison {
  readonly gateway: string
  readonly cid: string
  readonly folder: string
  readonly tree: Tree
}

/** Every file by its own GET, compared with the source; throws at the first difference. */
export async function compareWithGateway({
  gateway,
  cid,
  folder,
  tree,
}: GatewayComparison): Promise<{ files: number; bytes: number }> {
  const sizes = await inLanes(tree.files, async path => {
    const url = `${gateway}/ipfs/${cid}/${path.split('/').map(encodeURIComponent).join('/')}`
    const response = await fetch(url)
    if (response.status !== 200 || response.body === null) throw new Error(`GET ${url} gave ${response.status}`)
    const [served, source] = await Promise.all([
      hashStream(response.body),
      hashStream(createReadStream(join(folder, path))),
    ])
    if (served.hash !== source.hash) throw new Error(`GET ${url} gave other bytes than the source has`)
    return served.bytes
  })
  return { files: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) }
}

const hashFile = async (path: string): Promise<string> => (await hashStream(createReadStream(path))).hash

async function hashStream(stream: AsyncIterable<Uint8Array>): Promise<{ hash: string; bytes: number }> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of stream) {
    hash.update(chunk)
    bytes += chunk.byteLength
  }
  return { hash: hash.digest('hex'), bytes }
}

async function inLanes<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array(items.length)
  const queue = items.entries()
  const lane = async () => {
    for (const [index, item] of queue) results[index] = await work(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  return results
}
