// A folder of fixtures made here, for machines without the official data: blocks, records, DNSLinks, and the names they have.

import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as dagCbor from '@ipld/dag-cbor'
import * as dagPb from '@ipld/dag-pb'
import { base32 } from 'multiformats/bases/base32'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { blockKey } from '../../src/block/cid.ts'
import { encodeVarint } from '../../src/block/varint.ts'
import { encodeCarHeader } from '../../src/dag/car/car-header.ts'
import { addTree } from '../gateway/support.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'
import { NAMES, type Names } from './names.ts'
import { writeRecords } from './own-records.ts'
import { OWN_TREES, type OwnTree } from './own-trees.ts'

export interface OwnData {
  readonly folder: string
  /** Where they differ from the suite's. */
  readonly names: Partial<Names>
}

/** Blocks by CID, as they go into the CAR. */
type Blocks = Map<string, Uint8Array>

export async function writeOwnData(folder: string): Promise<OwnData> {
  const blocks: Blocks = new Map()
  const roots = Object.fromEntries(
    await Promise.all(
      Object.entries(OWN_TREES).map(async ([name, tree]) => [name, await importTree(blocks, tree)] as const),
    ),
  ) as Record<keyof typeof OWN_TREES, string>
  const names = { ...namesOf(blocks, roots), ...documents(blocks, roots), ...climbers(blocks) }
  mkdirSync(folder, { recursive: true })
  const keys = await writeRecords(folder, { ...NAMES, ...names })
  writeFileSync(join(folder, 'own.car'), carOf(blocks))
  const all = { ...NAMES, ...names, ...keys }
  writeFileSync(join(folder, 'dnslinks.json'), JSON.stringify({ domains: dnslinks(all) }))
  const data: OwnData = { folder, names: { ...names, ...keys } }
  writeFileSync(join(folder, NAMES_FILE), JSON.stringify(data.names))
  return data
}

const NAMES_FILE = 'names.json'

/** What `writeOwnData` has written there. */
export const readOwnData = (folder: string): OwnData => ({
  folder,
  names: JSON.parse(readFileSync(join(folder, NAMES_FILE), 'utf8')) as Partial<Names>,
})

async function importTree(blocks: Blocks, { tree, style, chunkBytes, maxLinks = 0 }: OwnTree): Promise<string> {
  const memory = new MemoryBlocks()
  const root = await addTree(memory, tree, {
    profile: 'unixfs-v1-2025',
    cidVersion: style === 'old' ? 0 : 1,
    rawLeaves: style === 'new',
    ...(chunkBytes !== undefined && { chunker: `size-${chunkBytes}` }),
    maxDirectoryLinks: maxLinks,
  })
  const put = (cid: CID): void => {
    const bytes = memory.blocks.get(blockKey(cid))
    if (bytes === undefined) throw new Error(`the importer gave no block for ${cid}`)
    blocks.set(String(cid), bytes)
    if (cid.code !== dagPb.code) return
    for (const { Hash } of dagPb.decode(bytes).Links) put(Hash as CID)
  }
  put(root)
  return String(root)
}

interface Linked {
  readonly name: string
  readonly cid: string
}

const linksOf = (blocks: Blocks, cid: string): Linked[] =>
  dagPb
    .decode(blocks.get(cid) ?? new Uint8Array())
    .Links.map(({ Name = '', Hash }) => ({ name: Name, cid: String(Hash) }))

/** Follows names of links. */
function at(blocks: Blocks, root: string, ...path: readonly string[]): string {
  return path.reduce((cid, name) => {
    const link = linksOf(blocks, cid).find(link => link.name === name)
    if (link === undefined) throw new Error(`no ${name} in ${cid}`)
    return link.cid
  }, root)
}

function namesOf(blocks: Blocks, roots: Record<keyof typeof OWN_TREES, string>): Partial<Names> {
  const multi = at(blocks, roots.files, 'multiblock.txt')
  const [l0 = '', l1 = '', l2 = '', l3 = '', l4 = ''] = linksOf(blocks, multi).map(({ cid }) => cid)
  const missing = at(blocks, roots.missing, 'file')
  const [first = '', middle = '', last = ''] = linksOf(blocks, missing).map(({ cid }) => cid)
  blocks.delete(middle)
  const shards = shardsOf(blocks, roots.hamt)
  const redirects = (...path: string[]) => at(blocks, roots.redirects, ...path)
  const toV1 = (cid: string) => CID.parse(cid).toV1().toString(base32)
  return {
    DIRLIST: roots.dirlist,
    UTF8FILE: at(blocks, roots.dirlist, 'ą', 'ę', 'file-źł.txt'),
    CACHE1: roots.cache,
    RAWROOT: roots.raw,
    TJSON: at(blocks, roots.json, 't.json'),
    SYMDIR: roots.symlink,
    FILESDIR: roots.files,
    ...{ MULTI: multi, L0: l0, L1: l1, L2: l2, L3: l3, L4: l4 },
    ...{ MISSING3K: missing, MISSING3K_0: first, MISSING3K_2: last },
    PCTDIR: roots.percent,
    TWOFILES: roots.two,
    MIXED: roots.mixed,
    MIXED_SUBDIR: at(blocks, roots.mixed, 'subdir'),
    HAMT: roots.hamt,
    HAMT_FD: at(blocks, roots.hamt, 'FD'),
    HAMT_07: at(blocks, roots.hamt, '07'),
    HAMT_SHARDS: createHash('sha256').update(shards.join('\n')).digest('hex'),
    HELLO_V0: at(blocks, roots.hello, 'hello'),
    TESTDIR: roots.testdir,
    EXAMPLES: toV1(redirects('examples')),
    FORCED: redirects('forced'),
    TOO_LARGE: redirects('too-large'),
    NEWLINES: redirects('newlines'),
    GOOD_CODES: redirects('good-codes'),
    BAD_CODES: redirects('bad-codes'),
    SPA: roots.spa,
  }
}

/** A shard's links have two digits alone, or two digits and the name of an entry. */
const shardsOf = (blocks: Blocks, cid: string): string[] => [
  cid,
  ...linksOf(blocks, cid)
    .filter(({ name }) => name.length === 2)
    .flatMap(link => shardsOf(blocks, link.cid)),
]

const RAW = 0x55

function putBlock(blocks: Blocks, code: number, bytes: Uint8Array, hash: 'sha256' | 'sha512' = 'sha256'): CID {
  const digest = create(hash === 'sha256' ? 0x12 : 0x13, createHash(hash).update(bytes).digest())
  const cid = CID.createV1(code, digest)
  blocks.set(String(cid), bytes)
  return cid
}

/** JSON and CBOR of both kinds, and what links to the files of the trees. */
function documents(blocks: Blocks, roots: Record<keyof typeof OWN_TREES, string>): Partial<Names> {
  const text = (code: number, json: string) => String(putBlock(blocks, code, Buffer.from(json)))
  const leaf = { hello: 'this is not a link' }
  const object = { banana: 10, monkey: false }
  const cborLeaf = putBlock(blocks, dagCbor.code, dagCbor.encode(leaf))
  const cborMiddle = putBlock(blocks, dagCbor.code, dagCbor.encode({ bar: cborLeaf }))
  const jsonLeaf = text(0x0129, JSON.stringify(leaf))
  const jsonMiddle = text(0x0129, JSON.stringify({ bar: { '/': jsonLeaf } }))
  const files = {
    single: CID.parse(at(blocks, roots.files, 'hello.txt')),
    multiblock: CID.parse(at(blocks, roots.files, 'multiblock.txt')),
  }
  const document = putBlock(blocks, dagCbor.code, dagCbor.encode({ cats: false, monkeys: true, files }))
  const folder = dagPb.encode(dagPb.prepare({ Data: FOLDER, Links: [{ Name: 'document', Hash: document }] }))
  const hello = Buffer.from('hello\n')
  return {
    PLAINJSON: text(0x0200, '{\n\t"test": "plain json"\n}\n'),
    PLAINCBOR: String(putBlock(blocks, 0x51, dagCbor.encode({ test: 'plain json' }))),
    DAGJSON: text(0x0129, JSON.stringify({ foo: { link: { '/': jsonMiddle }, object } })),
    DAGCBOR: String(putBlock(blocks, dagCbor.code, dagCbor.encode({ foo: { link: cborMiddle, object } }))),
    CBORDOC: String(document),
    CBORDIR: String(putBlock(blocks, dagPb.code, folder)),
    CACHEF: String(putBlock(blocks, RAW, hello)),
    TOOLONG: String(putBlock(blocks, RAW, hello, 'sha512')),
  }
}

/** The UnixFS data of a folder. */
const FOLDER = Buffer.from([8, 1])

/** Folders with names that climb: out of the root, and only out of their own folder. */
function climbers(blocks: Blocks): Partial<Names> {
  const file = putBlock(blocks, RAW, Buffer.from('Hello, world!\n'))
  const folder = (...links: readonly (readonly [name: string, cid: CID])[]): CID =>
    putBlock(
      blocks,
      dagPb.code,
      dagPb.encode(dagPb.prepare({ Data: FOLDER, Links: links.map(([Name, Hash]) => ({ Name, Hash })) })),
    )
  return {
    OUTSIDE: String(folder(['../foo', file], ['bar', file])),
    INSIDE: String(folder(['foobar', folder(['directory', folder(['../file', file])])])),
  }
}

function carOf(blocks: Blocks): Buffer {
  const cids = [...blocks.keys()].map(text => CID.parse(text))
  const [root] = cids
  if (root === undefined) throw new Error('there are no blocks')
  const sections = cids.map(cid => {
    const bytes = blocks.get(String(cid)) ?? new Uint8Array()
    return Buffer.concat([encodeVarint(cid.bytes.byteLength + bytes.byteLength), cid.bytes, bytes])
  })
  return Buffer.concat([encodeCarHeader(root), ...sections])
}

/** The suite's names, and where they lead here (spec: gateway §4.5). */
const dnslinks = (n: Names): Record<string, string> => ({
  'dnslink-dir-listing.example.org': `/ipfs/${n.DIRLIST}`,
  'dnslink-subpath.example.org': `/ipfs/${n.CACHE1}/root2`,
  'dnslink-redirects-examples.example.org': `/ipfs/${n.EXAMPLES}`,
  'dnslink-enabled-with-spa.example.org': `/ipfs/${n.SPA}`,
  'dnslink-test.example.org': `/ipfs/${n.CACHEF}`,
  'en.wikipedia-on-ipfs.example.org': '/ipfs/bafybeiaysi4s6lnjev27ln5icwm6tueaw2vdykrtjkwiphwekaywqhcjze',
  'dnslink-over-ipns.example.org': `/ipns/${n.EDKEY}`,
  'dnslink-over-ipns-cidv1.example.org': `/ipns/${n.EDKEY_36}`,
})
