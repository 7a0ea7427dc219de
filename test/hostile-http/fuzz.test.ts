import { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { blockKey, DAG_PB } from '../../src/block/cid.ts'
import { sha256 } from '../../src/block/hash.ts'
import { addTree, startGateway, type Tree } from '../gateway/support.ts'
import { someBytes } from '../support/dags.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'
import { type HttpDoor, visit } from './corpus-doors.ts'

const isFull = process.env.TEST_FULL !== undefined
const MUTANTS = isFull ? 3000 : 60
const DOORS: readonly HttpDoor[] = ['path', 'list', 'html', 'raw', 'car', 'tar', 'head', 'range']
const SEED = Number(process.env.TEST_SEED ?? 20_261_124)

/** The same numbers in each run (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

type Random = ReturnType<typeof random>

/** Bytes that a decoder has a branch for. */
const SPECIAL = [0, 1, 2, 0x08, 0x0a, 0x12, 0x1a, 0x22, 0x28, 0x30, 0x7f, 0x80, 0xff]

const MUTATIONS: readonly ((bytes: Buffer, pick: Random) => Buffer)[] = [
  (bytes, pick) => {
    const at = pick(bytes.length)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << pick(8))
    return bytes
  },
  (bytes, pick) => {
    bytes[pick(bytes.length)] = SPECIAL[pick(SPECIAL.length)] ?? 0
    return bytes
  },
  (bytes, pick) => bytes.subarray(0, pick(bytes.length)),
  (bytes, pick) => {
    const at = pick(bytes.length)
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + pick(8))])
  },
  (bytes, pick) => {
    const [at, from] = [pick(bytes.length), pick(bytes.length)]
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(from, from + 1 + pick(60)), bytes.subarray(at)])
  },
  (bytes, pick) => {
    const at = pick(bytes.length)
    const varint = Buffer.from('ffffffffffffffffff01'.slice(0, 2 + 2 * pick(9)), 'hex')
    return Buffer.concat([bytes.subarray(0, at), varint, bytes.subarray(at + varint.length)])
  },
]

interface Dag {
  readonly blocks: ReadonlyMap<string, Uint8Array>
  readonly root: CID
}

async function dagOf(tree: Tree, options: Parameters<typeof addTree>[2] = {}): Promise<Dag> {
  const memory = new MemoryBlocks({ peekable: true })
  const root = await addTree(memory, tree, options)
  return { blocks: memory.blocks, root }
}

/** One node of it is another, and everything above links to that. */
function mutate({ blocks, root }: Dag, pick: Random): { memory: MemoryBlocks; root: CID } | undefined {
  const memory = new MemoryBlocks({ peekable: true })
  for (const [key, bytes] of blocks) memory.blocks.set(key, bytes)
  const inner = [...blocks.keys()].filter(key => mayBeNode(key, blocks))
  let old = inner[pick(inner.length)] ?? ''
  let bytes: Buffer = Buffer.from(blocks.get(old) ?? [])
  for (let times = 1 + pick(3); times > 0 && bytes.length > 0; times--)
    bytes = MUTATIONS[pick(MUTATIONS.length)]?.(bytes, pick) ?? bytes
  for (;;) {
    const changed = CID.createV1(DAG_PB, sha256(bytes))
    memory.blocks.set(blockKey(changed), bytes)
    if (old === blockKey(root)) return { memory, root: changed }
    const before = Buffer.from(old, 'latin1')
    const parent = [...blocks].find(([, above]) => Buffer.from(above).includes(before))
    if (parent === undefined) return undefined
    const [at, above] = [Buffer.from(parent[1]).indexOf(before), Buffer.from(parent[1])]
    above.set(changed.multihash.bytes, at)
    old = parent[0]
    bytes = above
  }
}

const mayBeNode = (key: string, blocks: Dag['blocks']): boolean => {
  const first = blocks.get(key)?.[0]
  return first === 0x0a || first === 0x12
}

test(`${MUTANTS} mutants of files, folders and shards through ${DOORS.length} doors`, async () => {
  const pick = random(SEED)
  const names = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`name-${i}`, `content ${i}`]))
  const sources = [
    await dagOf(
      { 'a.txt': 'a', 'b.bin': someBytes(70_000), sub: { 'c.txt': 'c', d: { e: 'e' } } },
      { chunker: 'size-8192' },
    ),
    await dagOf({ 'b.bin': someBytes(70_000) }, { chunker: 'size-1024', maxFileLinks: 5, rawLeaves: false }),
    await dagOf({ ...names, sub: { x: 'x' } }, { maxDirectoryLinks: 20 }),
    await dagOf({ ...names }, { maxDirectoryLinks: 20, maxHamtFanout: 16, rawLeaves: false }),
  ]
  const counts = { ok: 0, refused: 0, cut: 0, long: 0 }
  const wrong: string[] = []
  let tried = 0
  for (let mutant = 0; mutant < MUTANTS; mutant++) {
    const made = mutate(sources[mutant % sources.length] as Dag, pick)
    if (made === undefined) continue
    tried++
    const { memory, root } = made
    const gateway = await startGateway({ memory })
    for (const door of DOORS) {
      try {
        counts[await visit(door, { origin: gateway.url, root, memory })]++
      } catch (error) {
        wrong.push(`mutant ${mutant} (seed ${SEED}), ${door} of ${root}: ${(error as Error).message}`)
      }
    }
    await gateway.close()
    if (memory.borrowed !== 0) wrong.push(`mutant ${mutant}: ${memory.borrowed} buffers were not given back`)
  }
  assert.equal(wrong.slice(0, 10), [])
  assert.ok(tried > MUTANTS * 0.9, `${tried} mutants`)
  assert.ok(counts.refused > 0 && counts.ok > 0)
  console.log(
    `\n» fuzz: ${tried} mutants of dag-pb, UnixFS and HAMT through ${DOORS.length} doors: ${counts.ok} whole and right, ${counts.refused} refused, ${counts.cut} cut off, ${counts.long} left, 0 wrong`,
  )
})

test.run()
