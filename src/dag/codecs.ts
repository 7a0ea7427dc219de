// Documents: blocks that are values rather than files, decoded and encoded with a cap on their depth (C5).

import * as dagCbor from '@ipld/dag-cbor'
import * as dagJson from '@ipld/dag-json'
import * as dagPb from '@ipld/dag-pb'
import type { CID } from 'multiformats/cid'
import { CBOR, DAG_CBOR, DAG_JSON, DAG_PB, JSON_CODEC, LIBP2P_KEY, RAW } from '../block/cid.ts'
import { scanCbor } from '../block/scan-cbor.ts'
import { decodeDagJson, guardJson } from '../block/scan-json.ts'
import { scanPb } from '../block/scan-pb.ts'
import { CairnError } from '../errors.ts'
import { badBlock, readingBlock } from './blocks.ts'

/** The names of the multicodec table for what Cairn can name. */
export const CODEC_NAMES: ReadonlyMap<number, string> = new Map([
  [RAW, 'raw'],
  [DAG_PB, 'dag-pb'],
  [DAG_CBOR, 'dag-cbor'],
  [LIBP2P_KEY, 'libp2p-key'],
  [CBOR, 'cbor'],
  [JSON_CODEC, 'json'],
  [DAG_JSON, 'dag-json'],
])

/** Whether a path can go on inside such a block. */
export const isDocument = (codec: number): boolean =>
  codec === DAG_CBOR || codec === DAG_JSON || codec === CBOR || codec === JSON_CODEC

/** A block as a value of the IPLD data model; links are CIDs. BAD_BLOCK if it is not what its CID says, UNSUPPORTED_CODEC. */
export function decodeBlock(cid: CID, bytes: Uint8Array): unknown {
  const decode = DECODERS.get(cid.code)
  if (decode === undefined) throw unsupported(cid.code)
  return readingBlock(cid, () => {
    try {
      return decode(bytes)
    } catch (cause) {
      if (cause instanceof CairnError) throw cause
      throw badBlock(cid, `is not ${CODEC_NAMES.get(cid.code)}`, cause)
    }
  })
}

export function encodeBlock(codec: number, value: unknown): Uint8Array {
  const encode = ENCODERS.get(codec)
  if (encode === undefined) throw unsupported(codec)
  try {
    return encode(value)
  } catch (cause) {
    throw new CairnError('BAD_REQUEST', `the value cannot be written as ${CODEC_NAMES.get(codec)}`, { cause })
  }
}

const unsupported = (codec: number) =>
  new CairnError('UNSUPPORTED_CODEC', `blocks of codec 0x${codec.toString(16)} cannot be read as a document`)

const DECODERS = new Map<number, (bytes: Uint8Array) => unknown>([
  [RAW, bytes => bytes],
  [DAG_PB, decodeDagPb],
  [DAG_CBOR, decodeDagCbor],
  // Plain CBOR is read as its strict form, without links.
  [CBOR, decodePlainCbor],
  [DAG_JSON, decodeDagJson],
  [JSON_CODEC, decodeJson],
])

const ENCODERS = new Map<number, (value: unknown) => Uint8Array>([
  [RAW, encodeRaw],
  [DAG_PB, value => dagPb.encode(value as dagPb.PBNode)],
  [DAG_CBOR, dagCbor.encode],
  [CBOR, dagCbor.encode],
  [DAG_JSON, dagJson.encode],
  [JSON_CODEC, value => Buffer.from(JSON.stringify(value))],
])

function decodeDagPb(bytes: Uint8Array): unknown {
  scanPb(bytes)
  return dagPb.decode(bytes)
}

function decodeDagCbor(bytes: Uint8Array): unknown {
  scanCbor(bytes)
  return dagCbor.decode(bytes)
}

function decodePlainCbor(bytes: Uint8Array): unknown {
  scanCbor(bytes, () => {
    throw new CairnError('BAD_BLOCK', 'the block has a link, which plain CBOR does not know')
  })
  return dagCbor.decode(bytes)
}

function decodeJson(bytes: Uint8Array): unknown {
  guardJson(bytes)
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
}

function encodeRaw(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw new TypeError('raw blocks are bytes')
}
