// The content that every row of "better than Kubo" is shown on: made here, the same in each run, for Cairn and for Kubo alike.

import { UnixFS } from 'ipfs-unixfs'
import { base16 } from 'multiformats/bases/base16'
import { base36 } from 'multiformats/bases/base36'
import type { CID } from 'multiformats/cid'
import type { NewBlock } from '../../../src/block/source.ts'
import { encodeVarint } from '../../../src/block/varint.ts'
import { encodeCarHeader } from '../../../src/dag/car/car-header.ts'
import { makePublisher, makeRecord, type Publisher } from '../../names/signing.ts'
import { folderOf, putDocument, putFile, putNode, putRaw, someBytes } from '../../support/dags.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { addTree } from '../support.ts'

export const ALPHABET = 'abcdefghijklmnopqrstuvwxyz'
/** Nobody has it. */
export const NOWHERE = 'bafkreifbvngde7yu3osqoovlv4h6b5ikpnkitbolboj3vxx2fameo3ppoy'
const PAGE = '<!doctype html><title>a page</title>'

/** Blocks with their CIDs, so that they can be written down for others. */
class NamedBlocks extends MemoryBlocks {
  readonly cids = new Map<string, CID>()

  override put(block: NewBlock): void {
    super.put(block)
    this.cids.set(block.cid.toString(), block.cid)
  }

  /** As one CARv1, with whatever was taken out missing from it. */
  async toCar(): Promise<Buffer> {
    const sections: Buffer[] = []
    let root: CID | undefined
    for (const cid of this.cids.values()) {
      if (!this.has(cid)) continue
      root ??= cid
      const bytes = await this.get(cid, { signal: new AbortController().signal })
      sections.push(Buffer.concat([encodeVarint(cid.bytes.byteLength + bytes.byteLength), cid.bytes, bytes]))
    }
    if (root === undefined) throw new Error('there are no blocks')
    return Buffer.concat([encodeCarHeader(root), ...sections])
  }
}

export interface World {
  readonly memory: NamedBlocks
  /** 26 letters, a raw block. */
  readonly alphabet: CID
  readonly alphabet36: string
  readonly alphabet16: string
  /** `a.txt` (the alphabet), `page.html`, `long` (a file of five leaves of 256 bytes), no index. */
  readonly folder: CID
  /** Five leaves, the last of two bytes. */
  readonly long: CID
  /** Three leaves of 256 bytes: zeros, a page, and one that nobody has. */
  readonly holed: CID
  /** A folder with a file of 300 kB, of which the end is missing, and one with a missing folder. */
  readonly broken: CID
  readonly dagCbor: CID
  readonly cbor: CID
  /** A site with `_redirects`. */
  readonly site: CID
  /** One whose `_redirects` names a placeholder twice. */
  readonly badSite: CID
  /** One whose `_redirects` is not there. */
  readonly lostRules: CID
  readonly denied: CID
  readonly publisher: Publisher
  readonly record: Uint8Array
  /** A key of which there is no record. */
  readonly unpublished: string
  readonly dnslinks: Readonly<Record<string, string>>
}

const RULES = `/search /find?q=static 301
/list/* /found/:splat 301
/tag/:tag /by?tag=:tag 302
/twin/:a /double?a=:a 301
`

export async function makeWorld(): Promise<World> {
  const memory = new NamedBlocks({ peekable: true })
  const alphabet = putRaw(memory, Buffer.from(ALPHABET))
  const long = await putFile(memory, someBytes(1026), { version: 1, chunk: 256, width: 174 })
  const page = putRaw(memory, Buffer.from(PAGE))
  const folder = folderOf(memory, [
    { Name: 'a.txt', Hash: alphabet, Tsize: 26 },
    { Name: 'long', Hash: long, Tsize: 1300 },
    { Name: 'page.html', Hash: page, Tsize: PAGE.length },
  ])
  const redirects = (rules: string) => addTree(memory, { _redirects: rules, 'index.html': PAGE, 'found.html': PAGE })
  const publisher = await makePublisher()
  return {
    memory,
    alphabet,
    alphabet36: alphabet.toString(base36),
    alphabet16: alphabet.toString(base16),
    folder,
    long,
    ...holes(memory),
    dagCbor: putDocument(memory, { hello: 'world', link: alphabet }),
    cbor: putDocument(memory, { hello: 'world' }, 0x51),
    site: await redirects(RULES),
    badSite: await redirects('/a/:x/:x /b/:x 301\n'),
    lostRules: lostRules(memory, page),
    denied: putRaw(memory, Buffer.from('this is denied\n')),
    publisher,
    record: await makeRecord(publisher, { value: `/ipfs/${folder}` }),
    unpublished: (await makePublisher()).name.text,
    dnslinks: {
      'my-site.example.test': `/ipfs/${folder}`,
      'loop.example.test': '/ipns/loop.example.test',
    },
  }
}

function holes(memory: NamedBlocks): Pick<World, 'holed' | 'broken'> {
  const leaf = (fill: string) => putRaw(memory, Buffer.from(fill.padEnd(256, ' ')))
  const leaves = [putRaw(memory, new Uint8Array(256)), leaf(PAGE), leaf('gone')]
  const holed = fileOf(memory, leaves, 256)
  const [, , gone] = leaves as [CID, CID, CID]
  memory.delete(gone)
  const chunks = Array.from({ length: 3 }, (_, i) => putRaw(memory, someBytes(100_000, i + 7)))
  const big = fileOf(memory, chunks, 100_000)
  memory.delete(chunks[2] as CID)
  const inner = folderOf(memory, [{ Name: 'x.txt', Hash: putRaw(memory, Buffer.from('x')), Tsize: 1 }])
  memory.delete(inner)
  const broken = folderOf(memory, [
    { Name: 'big', Hash: big, Tsize: 300_000 },
    { Name: 'gone', Hash: inner, Tsize: 100 },
  ])
  return { holed, broken }
}

function fileOf(memory: NamedBlocks, leaves: readonly CID[], leafBytes: number): CID {
  const data = new UnixFS({ type: 'file', blockSizes: leaves.map(() => BigInt(leafBytes)) })
  return putNode(
    memory,
    data,
    leaves.map(Hash => ({ Name: '', Hash, Tsize: leafBytes })),
  )
}

function lostRules(memory: NamedBlocks, page: CID): CID {
  const rules = putRaw(memory, Buffer.from('/x /found.html 301\n'))
  memory.delete(rules)
  return folderOf(memory, [
    { Name: '_redirects', Hash: rules, Tsize: 20 },
    { Name: 'found.html', Hash: page, Tsize: PAGE.length },
  ])
}
