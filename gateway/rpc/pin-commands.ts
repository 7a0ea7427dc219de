// pin/rm, pin/update, pin/verify, and the table of commands about pins.

import type { CID } from 'multiformats/cid'
import type { CairnNode } from '../../src/api/node.ts'
import { bool, type Command, command, value, values } from './command.ts'
import { failure } from './errors.ts'
import { cidOfArgument } from './paths.ts'
import { pinAdd } from './pin-add.ts'
import { formsOf, pinLs } from './pin-ls.ts'
import { pinStatus, why } from './pin-status.ts'

const pinRm = command({
  args: [{ name: 'ipfs-path', many: true }],
  options: { recursive: bool(true, 'r') },
  run: async ({ node, content, args, options, signal, formatCid }) => {
    const removed: string[] = []
    for (const arg of args) {
      const cid = await cidOfArgument(content, arg, { signal })
      await remove(node, await pinnedForm(node, cid, signal), { recursive: options.recursive, signal })
      removed.push(formatCid(cid))
    }
    return value({ Pins: removed })
  },
})

/** The version of the CID under which it is pinned. */
async function pinnedForm(node: CairnNode, cid: CID, signal: AbortSignal): Promise<CID> {
  for (const form of formsOf(cid)) {
    for await (const _ of node.pins.ls({ cid: form, signal })) return form
  }
  return cid
}

/** NOT_PINNED has the text that clients compare, from the pins themselves. */
async function remove(node: CairnNode, cid: CID, { recursive, signal }: { recursive: boolean; signal: AbortSignal }) {
  if (!recursive) {
    for await (const _ of node.pins.ls({ cid, mode: 'recursive', signal }))
      throw failure(`${cid} is pinned recursively`)
  }
  await node.pins.rm(cid, { signal })
}

const pinUpdate = command({
  args: [{ name: 'from-path' }, { name: 'to-path' }],
  options: { unpin: bool(true) },
  run: async ({ node, content, args: [from = '', to = ''], options, signal, formatCid }) => {
    const cids = [await cidOfArgument(content, from, { signal }), await cidOfArgument(content, to, { signal })] as const
    await node.pins.update(...cids, { unpin: options.unpin, signal })
    return value({ Pins: cids.map(formatCid) })
  },
})

const pinVerify = command({
  options: { verbose: bool(false), quiet: bool(false, 'q') },
  run: ({ node, options: { verbose, quiet }, signal, formatCid }) => {
    if (verbose && quiet) throw failure('the --verbose and --quiet options can not be used at the same time')
    return values(verdicts(node, { verbose, signal, formatCid }))
  },
})

interface VerifyOptions {
  readonly verbose: boolean
  readonly signal: AbortSignal
  formatCid(cid: CID): string
}

/** Recursive pins only, as Kubo has it; good ones are told only on request. */
async function* verdicts(node: CairnNode, { verbose, signal, formatCid }: VerifyOptions): AsyncGenerator<unknown> {
  for await (const { cid } of node.pins.ls({ mode: 'recursive', status: 'pinned', signal })) {
    for await (const { ok, bad } of node.pins.verify({ cid, signal })) {
      if (!ok) yield { Cid: formatCid(cid), BadNodes: bad.map(node => ({ Cid: formatCid(node.cid), Err: node.error })) }
      else if (verbose) yield { Cid: formatCid(cid), Ok: true }
      break
    }
  }
}

export const PIN_COMMANDS: Record<string, Command> = {
  'pin/add': pinAdd,
  'pin/ls': pinLs,
  'pin/status': pinStatus,
  why,
  'pin/rm': pinRm,
  'pin/update': pinUpdate,
  'pin/verify': pinVerify,
}
