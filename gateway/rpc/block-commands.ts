// block/get, block/stat: single blocks, found by multihash whatever codec the CID names.

import type { CID } from 'multiformats/cid'
import { loadBlock } from '../../src/dag/blocks.ts'
import { blockPut } from './block-put.ts'
import { blockRm } from './block-rm.ts'
import { type Command, command, value } from './command.ts'
import { type NamedContent, targetOfArgument } from './paths.ts'

const get = command({
  args: [{ name: 'cid' }],
  run: async ({ content, args: [arg = ''], signal }) => {
    const { bytes } = await readBlock(content, arg, signal)
    return { kind: 'bytes', type: 'application/vnd.ipld.raw', content: once(bytes) }
  },
})

const stat = command({
  args: [{ name: 'cid' }],
  run: async ({ content, args: [arg = ''], signal, formatCid }) => {
    const { cid, bytes } = await readBlock(content, arg, signal)
    return value({ Key: formatCid(cid), Size: bytes.byteLength })
  },
})

async function readBlock(
  content: NamedContent,
  arg: string,
  signal: AbortSignal,
): Promise<{ cid: CID; bytes: Uint8Array }> {
  const { cid, root } = await targetOfArgument(content, arg, { signal })
  return { cid, bytes: await loadBlock(content.blocks(root), cid, { signal }) }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

export const BLOCK_COMMANDS: Record<string, Command> = {
  'block/get': get,
  'block/stat': stat,
  'block/put': blockPut,
  'block/rm': blockRm,
}
