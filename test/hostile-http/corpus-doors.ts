// The doors of the gateway that a hostile DAG can be asked through, each answer held against what the blocks really give.

import type { CID } from 'multiformats/cid'
import * as assert from 'uvu/assert'
import { encodeSegment } from '../../gateway/content/names.ts'
import { DAG_PB, isIdentity, RAW } from '../../src/block/cid.ts'
import { checkName } from '../../src/dag/names.ts'
import { describeEntry } from '../../src/dag/resolve.ts'
import { listDirectory } from '../../src/dag/unixfs/list.ts'
import { readFile } from '../../src/dag/unixfs/read.ts'
import { walkDag } from '../../src/dag/walk.ts'
import { readCarCids, readTar } from '../conformance/readers.ts'
import { wait } from '../support/dags.ts'
import type { MemoryBlocks } from '../support/memory-blocks.ts'
import { type AskOptions, ask, type Said } from './asking.ts'

/** What came: all of it, a part of it, or a refusal. */
export type Word = 'ok' | 'cut' | 'long' | 'refused'

export interface Visitor {
  readonly origin: string
  readonly root: CID
  /** The same blocks, read by the code of the DAGs without a gateway in between. */
  readonly memory: MemoryBlocks
}

const MOST_BYTES = 4_000_000
const MOST_CHILDREN = 200

export const HTTP_DOORS = ['path', 'list', 'html', 'raw', 'json', 'car', 'tar', 'head', 'range', 'filename'] as const
export type HttpDoor = (typeof HTTP_DOORS)[number]

export function visit(door: HttpDoor, visitor: Visitor): Promise<Word> {
  return VISITS[door](visitor)
}

const VISITS: Record<HttpDoor, (visitor: Visitor) => Promise<Word>> = {
  path: async visitor => {
    const root = await get(visitor, '/')
    const kind = await kindOf(visitor, visitor.root)
    if (kind !== 'directory') return kind === 'file' ? sameBytes(visitor, visitor.root, root) : wordOf(root)
    let worst = wordOf(root)
    if (worst !== 'ok') return worst
    for (const { name, cid } of await entriesOf(visitor)) {
      const said = await get(visitor, `/${encodeSegment(name)}`)
      const childKind = await kindOf(visitor, cid)
      const word = childKind === 'file' ? await sameBytes(visitor, cid, said) : wordOf(said)
      if (childKind !== 'other' && (word === 'cut' || word === 'refused')) worst = word
    }
    return worst
  },
  list: async visitor => {
    const said = await get(visitor, '/', { headers: { accept: 'text/html' } })
    const isFolder = (await kindOf(visitor, visitor.root)) === 'directory'
    if (said.status === 200 && isFolder) await checkListing(visitor, said)
    return wordOf(said)
  },
  html: async visitor => {
    const said = await get(visitor, '/', { headers: { accept: 'text/html' } })
    const page = said.body.toString()
    assert.not.match(page, /<script>alert|<img src=x/i)
    // The page of a block that cannot be read says so, and shows its bytes.
    return said.status === 200 && page.includes('cannot be read') ? 'refused' : wordOf(said)
  },
  raw: async visitor => {
    const said = await get(visitor, '?format=raw')
    if (wordOf(said) === 'ok') assert.ok(said.body.equals(await visitor.memory.get(visitor.root, wait)), 'raw bytes')
    return wordOf(said)
  },
  json: async visitor => {
    // Documents are given as they are: nothing is made up, since nothing is made.
    const said = await get(visitor, '/')
    if (wordOf(said) === 'ok') assert.ok(said.body.equals(await visitor.memory.get(visitor.root, wait)), 'document')
    return wordOf(said)
  },
  car: async visitor => {
    const said = await get(visitor, '?format=car')
    if (wordOf(said) !== 'ok') return wordOf(said)
    const cids = readCarCids(said.body)
    assert.is(cids[0], String(visitor.root))
    let blocks = 0
    for await (const { cid } of walkDag(visitor.memory, visitor.root, { ...wait, distinct: 'cid' }))
      if (!isIdentity(cid)) blocks++
    assert.is(cids.length, blocks, 'blocks of the CAR')
    return 'ok'
  },
  tar: async visitor => {
    const said = await get(visitor, '?format=tar')
    if (wordOf(said) !== 'ok') return wordOf(said)
    const top = String(visitor.root)
    for (const name of readTar(said.body).keys()) {
      assert.ok(name === top || name.startsWith(`${top}/`), name)
      assert.not.ok(name.split('/').includes('..'), name)
    }
    return 'ok'
  },
  head: async visitor => {
    const said = await get(visitor, '/', { method: 'HEAD' })
    assert.is(said.body.byteLength, 0)
    const modified = said.headers['last-modified']
    if (modified !== undefined) assert.ok(Number.isFinite(Date.parse(String(modified))), String(modified))
    return wordOf(said)
  },
  range: async visitor => {
    const said = await get(visitor, '/', { headers: { range: 'bytes=5-9' } })
    if (said.status !== 206) return said.status === 416 ? 'ok' : wordOf(said)
    if (wordOf(said) !== 'ok') return wordOf(said)
    assert.ok(said.body.equals(await bytesOf(visitor, visitor.root, { offset: 5, length: 5 })), 'bytes 5 to 9')
    return 'ok'
  },
  filename: async visitor => {
    for (const { name } of await entriesOf(visitor)) {
      const asked = `/${encodeSegment(name)}?download=true&filename=${encodeURIComponent(name.toWellFormed())}`
      const said = await get(visitor, asked)
      const disposition = String(said.headers['content-disposition'])
      assert.match(
        disposition,
        /^attachment; filename="[\x20\x21\x23-\x5b\x5d-\x7e]*"; filename\*=UTF-8''[\x21\x23-\x2b\x2d-\x3a\x3c-\x7e]*$/,
      )
      if (wordOf(said) !== 'ok') return wordOf(said)
    }
    return 'ok'
  },
}

const get = ({ origin, root }: Visitor, rest: string, options: AskOptions = {}): Promise<Said> =>
  ask(origin, `/ipfs/${root}${rest}`, { mostBytes: MOST_BYTES, ...options })

function wordOf({ status, end, body, headers }: Said): Word {
  if (status >= 400) {
    assert.is(end, 'whole', `${status} is cut`)
    assert.ok(status !== 500 || !body.includes('internal error'), `500: ${body}`)
    assert.is(headers['cache-control'], 'no-store')
    return 'refused'
  }
  return end === 'whole' ? 'ok' : end
}

/** A whole answer has the bytes that the DAG gives, and no DAG that gives none has a whole answer. */
async function sameBytes(visitor: Visitor, cid: CID, said: Said): Promise<Word> {
  if (said.status >= 300 && said.status < 400) return 'ok'
  const word = wordOf(said)
  if (word !== 'ok') return word
  const bytes = await bytesOf(visitor, cid).catch(error => assert.unreachable(`a complete answer to ${error}`))
  assert.ok(said.body.equals(bytes as Buffer), 'other bytes than those of the DAG')
  return word
}

async function bytesOf(
  { memory }: Visitor,
  cid: CID,
  range: { offset?: number; length?: number } = {},
): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of readFile(memory, cid, { ...wait, ...range })) chunks.push(new Uint8Array(chunk))
  return Buffer.concat(chunks)
}

async function kindOf({ memory }: Visitor, cid: CID): Promise<string> {
  if (cid.code !== RAW && cid.code !== DAG_PB) return 'other'
  return (await describeEntry(memory, cid, wait).catch(() => ({ kind: 'broken' }))).kind
}

/** Whether an archive could hold every entry of a folder. */
export async function fitsArchive(visitor: Visitor): Promise<boolean> {
  try {
    for await (const { name, cid } of listDirectory(visitor.memory, visitor.root, wait)) {
      checkName(name, 'linux')
      if ((await kindOf(visitor, cid)) === 'other') return false
    }
    return true
  } catch {
    return false
  }
}

/** Those that a path can name. */
async function entriesOf({ memory, root }: Visitor): Promise<readonly { name: string; cid: CID }[]> {
  const found: { name: string; cid: CID }[] = []
  const seen = new Set<string>()
  for await (const { name, cid } of listDirectory(memory, root, wait)) {
    const isAddressable = name !== '' && name !== '.' && name !== '..' && !name.includes('/') && name.length < 2000
    if (isAddressable && !seen.has(name) && !name.includes('\ufffd')) found.push({ name, cid })
    seen.add(name)
    if (found.length >= MOST_CHILDREN) break
  }
  return found
}

async function checkListing(visitor: Visitor, { body, headers }: Said): Promise<void> {
  assert.match(String(headers['content-type']), /^text\/html/)
  const page = body.toString()
  assert.not.match(page.replaceAll('\n', ''), /\p{Cc}/u)
  for (const { name } of await entriesOf(visitor).catch(() => []))
    if (/[<>"]/.test(name)) assert.not.ok(page.includes(name), `${JSON.stringify(name)} stands in the page as it is`)
}
