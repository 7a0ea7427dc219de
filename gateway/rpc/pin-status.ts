// pin/status and why: how far pins have come, and what keeps a block. Commands of Cairn's own beside Kubo's.

import type { CID } from 'multiformats/cid'
import type { CairnNode } from '../../src/api/node.ts'
import type { Pin, PinStatus } from '../../src/api/pins.ts'
import type { WhyEvent } from '../../src/api/why.ts'
import type { Wait } from '../../src/block/source.ts'
import { bool, command, values } from './command.ts'
import { failure } from './errors.ts'
import { cidOfArgument } from './paths.ts'
import { pinDocument } from './pin-document.ts'
import { formsOf } from './pin-ls.ts'

/** Of the CIDs given, or of all that is not complete; with `running`, of what is being made by this node. */
export const pinStatus = command({
  args: [{ name: 'ipfs-path', optional: true, many: true }],
  options: { running: bool(false) },
  run: async ({ node, content, args, options, signal, formatCid }) => {
    const cids: CID[] = []
    for (const arg of args) cids.push(await cidOfArgument(content, arg, { signal }))
    const pins = cids.length > 0 ? pinsOf(node, cids, { signal }) : incomplete(node, options.running, { signal })
    return values(documents(node, pins, formatCid))
  },
})

async function* documents(node: CairnNode, pins: AsyncIterable<Pin>, formatCid: (cid: CID) => string) {
  for await (const pin of pins) yield pinDocument(pin, node.pins.progress(pin.id), formatCid)
}

async function* pinsOf(node: CairnNode, cids: readonly CID[], wait: Wait): AsyncGenerator<Pin> {
  for (const cid of cids) {
    let found = false
    for (const form of formsOf(cid)) {
      for await (const pin of node.pins.ls({ cid: form, ...wait })) {
        found = true
        yield pin
      }
    }
    if (!found) throw failure(`${cid} is not pinned, and nobody has asked for it`)
  }
}

async function* incomplete(node: CairnNode, runningOnly: boolean, wait: Wait): AsyncGenerator<Pin> {
  const statuses: PinStatus[] = runningOnly ? ['pinning'] : ['pinning', 'queued', 'failed']
  for (const status of statuses) yield* node.pins.ls({ status, ...wait })
}

export const why = command({
  args: [{ name: 'ipfs-path' }],
  run: async ({ node, content, args: [arg = ''], signal, formatCid }) => {
    const cid = await cidOfArgument(content, arg, { signal })
    return values(whyDocuments(node.pins.why(cid, { signal }), formatCid))
  },
})

/** The events as they are, with CIDs as text. */
async function* whyDocuments(events: AsyncIterable<WhyEvent>, formatCid: (cid: CID) => string) {
  for await (const event of events) {
    yield {
      ...event,
      ...('cid' in event && { cid: formatCid(event.cid) }),
      ...('root' in event && { root: formatCid(event.root) }),
      ...('path' in event && { path: event.path.map(({ link, cid }) => ({ link, cid: formatCid(cid) })) }),
    }
  }
}
