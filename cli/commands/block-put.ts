// `cairn block put`: stores bytes as one block and prints its CID.

import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { CBOR, DAG_CBOR, DAG_JSON, DAG_PB, JSON_CODEC, LIBP2P_KEY, parseCid, RAW } from '../../src/block/cid.ts'
import { hashByName } from '../../src/block/hash.ts'
import { CairnError } from '../../src/errors.ts'
import { LIMITS } from '../../src/limits.ts'
import { command as define } from '../command.ts'
import { forEach } from '../each.ts'
import { inputsOr, readAll, readInput } from '../input.ts'
import { print } from '../print.ts'

const CODECS: Readonly<Record<string, number>> = {
  raw: RAW,
  'dag-pb': DAG_PB,
  'dag-cbor': DAG_CBOR,
  'dag-json': DAG_JSON,
  cbor: CBOR,
  json: JSON_CODEC,
  'libp2p-key': LIBP2P_KEY,
}

export const command = define({
  args: [{ name: 'FILE', doc: 'The bytes; - or nothing for stdin', optional: true, many: true }],
  flags: {
    'cid-codec': {
      type: 'string',
      value: 'NAME',
      values: Object.keys(CODECS),
      default: 'raw',
      doc: 'What the bytes are',
    },
    mhtype: { type: 'string', value: 'NAME', default: 'sha2-256', doc: 'Hash function' },
    mhlen: { type: 'number', value: 'BYTES', doc: 'Cut the digest to that length' },
    cid: { type: 'string', value: 'CID', doc: 'The CID the bytes must have; refused if they do not' },
    pin: { type: 'boolean', doc: 'Pin the block, and what it links to' },
    format: { type: 'string', short: 'f', value: 'NAME', doc: 'Old name of --cid-codec', hidden: true },
  },
  examples: ['cairn block put block.bin', 'cairn block get CID | cairn --repo other block put --cid CID'],
  run: async context => {
    const { args, flags, io, session, signal } = context
    const node = await session.open({ create: true, local: true })
    await forEach(inputsOr(args, io, 'FILE'), context, async path => {
      const bytes = await readAll(readInput(path, io), LIMITS.blockBytes.value, path === '-' ? 'stdin' : path)
      const cid = flags.cid === undefined ? cidOf(bytes, flags) : parseCid(flags.cid)
      await node.putBlocks([{ cid, bytes }], { signal })
      if (flags.pin === true) await node.pins.add(cid, { signal })
      print(context, { json: { cid, size: bytes.byteLength }, quiet: String(cid), text: String(cid) })
    })
  },
})

function cidOf(
  bytes: Uint8Array,
  flags: { mhtype?: string; mhlen?: number; 'cid-codec'?: string; format?: string },
): CID {
  const { code, digest } = hashByName(flags.mhtype ?? 'sha2-256')
  const whole = digest(bytes)
  const length = flags.mhlen ?? whole.byteLength
  if (length < 1 || length > whole.byteLength)
    throw new CairnError(
      'USAGE',
      `--mhlen: ${flags.mhtype ?? 'sha2-256'} gives ${whole.byteLength} bytes, not ${length}`,
    )
  const multihash = create(code, whole.subarray(0, length))
  if (flags.format === 'v0') return CID.createV0(multihash as Parameters<typeof CID.createV0>[0])
  const name = flags['cid-codec'] ?? (flags.format === 'protobuf' ? 'dag-pb' : flags.format) ?? 'raw'
  const codec = CODECS[name]
  if (codec === undefined)
    throw new CairnError('USAGE', `--format: "${name}" is not a codec`, {
      hint: `choose of ${Object.keys(CODECS).join(', ')}`,
    })
  return CID.createV1(codec, multihash)
}
