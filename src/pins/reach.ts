// Whether a root reaches a block, and by which links: each inner node is read once, however many roots are asked about.

import type { CID } from 'multiformats/cid'
import type { WhyStep } from '../api/why.ts'
import { DAG_PB, isIdentity } from '../block/cid.ts'
import { DigestSet } from '../block/digest-set.ts'
import { scanPb } from '../block/scan-pb.ts'
import type { Wait } from '../block/source.ts'
import { parseUnixfs } from '../dag/unixfs/unixfs.ts'
import { createPace } from '../store/collect/pace.ts'
import { innerLinks } from '../store/read/inner.ts'
import type { Store } from '../store/store.ts'

interface Frame {
  readonly cid: CID
  readonly links: readonly CID[]
  next: number
}

export class Reach {
  readonly #store: Store
  readonly #target: Buffer
  readonly #wait: Wait
  readonly #pace: () => Promise<void> | undefined
  /** Nodes below which the target is not. */
  readonly #barren = new DigestSet({ words: 4 })
  /** By node, the index of the link that leads to the target or towards it. */
  readonly #towards = new Map<string, { readonly index: number; readonly cid: CID }>()

  constructor(store: Store, target: CID, wait: Wait) {
    this.#store = store
    this.#target = Buffer.from(target.multihash.bytes)
    this.#wait = wait
    this.#pace = createPace(wait.signal)
  }

  /** The links from the root down to the block: none if it is the root, undefined if it does not reach it. */
  async pathFrom(root: CID, recursive: boolean): Promise<WhyStep[] | undefined> {
    if (this.#target.equals(root.multihash.bytes)) return []
    if (!recursive || !(await this.#find(root))) return undefined
    const path: WhyStep[] = []
    for (let at = root; !this.#target.equals(at.multihash.bytes); ) {
      const step = this.#towards.get(keyOf(at))
      // A node may be its own ancestor only by a collision of hashes; the bound costs nothing.
      if (step === undefined || path.length > this.#towards.size) return undefined
      path.push({ link: await this.#nameOf(at, step.index), cid: step.cid })
      at = step.cid
    }
    return path
  }

  /** Depth first. What was left behind when the target is found is on the way to it; the rest of what was seen is barren. */
  async #find(root: CID): Promise<boolean> {
    if (this.#towards.has(keyOf(root))) return true
    const first = await this.#open(root)
    const stack: Frame[] = first === undefined ? [] : [first]
    for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
      const link = frame.links[frame.next++]
      if (link === undefined) {
        stack.pop()
        continue
      }
      if (this.#target.equals(link.multihash.bytes) || this.#towards.has(keyOf(link))) {
        for (const { cid, links, next } of stack)
          this.#towards.set(keyOf(cid), { index: next - 1, cid: links[next - 1] as CID })
        return true
      }
      const below = await this.#open(link)
      if (below !== undefined) stack.push(below)
    }
    return false
  }

  /** Undefined if there is nothing below it, or it has been looked into. */
  async #open(cid: CID): Promise<Frame | undefined> {
    if (!isIdentity(cid) && this.#barren.has(cid.multihash.bytes, cid.code)) return undefined
    const turn = this.#pace()
    if (turn !== undefined) await turn
    const inner = innerLinks(this.#store, cid, this.#wait)
    const links = inner instanceof Promise ? await inner : inner
    if (links === 'missing' || links === 'bad' || links.length === 0) return undefined
    // On the stack it is in this set too; its own descendants cannot lead back to it.
    if (!isIdentity(cid)) this.#barren.add(cid.multihash.bytes, cid.code)
    return { cid, links, next: 0 }
  }

  /** The name a folder gives it, without the digits of its slot in a shard; `#3` where links have none. */
  async #nameOf(parent: CID, index: number): Promise<string> {
    if (parent.code !== DAG_PB) return `#${index}`
    const bytes = isIdentity(parent) ? parent.multihash.digest : await this.#store.get(parent, this.#wait)
    const names: string[] = []
    const data = scanPb(bytes, (_start, _end, nameStart, nameEnd) => {
      names.push(nameStart < 0 ? '' : Buffer.from(bytes.subarray(nameStart, nameEnd)).toString('utf8'))
    })
    const name = names[index] ?? ''
    const digits = slotDigits(data)
    if (digits > 0) return name.slice(digits)
    return name === '' ? `#${index}` : name
  }
}

/** Hex digits in front of each name of a sharded folder; 0 for all that is none. */
function slotDigits(data: Uint8Array | undefined): number {
  if (data === undefined) return 0
  try {
    const { type, fanout } = parseUnixfs(data)
    return type === 'shard' ? (fanout - 1).toString(16).length : 0
  } catch {
    // Not UnixFS: its links are named as they are.
    return 0
  }
}

const keyOf = (cid: CID): string => `${cid.code} ${Buffer.from(cid.multihash.bytes).toString('latin1')}`
