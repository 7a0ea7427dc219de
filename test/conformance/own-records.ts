// The suite's twelve IPNS records with keys made here: those that hold, and those that must not (spec: gateway-fixtures §4).

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as dagCbor from '@ipld/dag-cbor'
import { base36 } from 'multiformats/bases/base36'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { encodeVarint } from '../../src/block/varint.ts'
import { FAR, makePublisher, makeRecord, type Publisher, protoBytes } from '../names/signing.ts'
import type { Names } from './names.ts'

const HALF_AN_HOUR_NS = 1_800_000_000_000n
/** More nanoseconds than a number holds exactly. */
const CENTURY_NS = 3_155_760_000_000_000_000n

interface RecordShape {
  readonly value: string
  readonly ttlNs?: bigint
  /** Which signatures it has. */
  readonly parts: 'v1' | 'v1+v2' | 'v2'
  /** In the protobuf, where it is not the signed one. */
  readonly otherValue?: string
  readonly broken?: 'v1' | 'v2'
}

/** Writes the records, and gives the keys their names in the cases. */
export async function writeRecords(folder: string, n: Names): Promise<Partial<Names>> {
  const ed = await makePublisher()
  const rsa = await makePublisher('RSA')
  const write = async (
    publisher: Publisher,
    shape: RecordShape,
    name = String(publisher.name.text),
  ): Promise<string> => {
    writeFileSync(join(folder, `${name}_own.ipns-record`), await recordOf(publisher, shape))
    return name
  }
  const fresh = async (shape: RecordShape) => write(await makePublisher(), shape)
  const forEver = (cid: string): RecordShape => ({ value: `/ipfs/${cid}`, ttlNs: CENTURY_NS, parts: 'v1+v2' })
  const inline = (text: string): string => `/ipfs/${CID.createV1(0x55, identity(text))}`
  const pointing = (text: string, rest: Omit<RecordShape, 'value'>): RecordShape => ({ value: inline(text), ...rest })
  return {
    CACHEKEY: await fresh(forEver(n.CACHE1)),
    SUBPATHKEY: await fresh({ value: `/ipfs/${n.CACHE1}/root2`, parts: 'v1+v2' }),
    JSONKEY: await fresh(forEver(n.DAGJSON)),
    CBORKEY: await fresh(forEver(n.DAGCBOR)),
    KEY_V1: await fresh(pointing('v1-only record', { parts: 'v1' })),
    KEY_V1V2: await fresh(pointing('v1+v2 record', { parts: 'v1+v2' })),
    KEY_V2: await fresh(pointing('v2-only record', { parts: 'v2' })),
    KEY_BAD_V1: await fresh(pointing('v1+v2 with broken signature v1', { parts: 'v1+v2', broken: 'v1' })),
    KEY_BAD_V2: await fresh(pointing('v1+v2 with broken signature v2', { parts: 'v1+v2', broken: 'v2' })),
    KEY_BAD_VALUE: await fresh(pointing('signed', { parts: 'v1+v2', otherValue: inline('another\n') })),
    ...spellings('EDKEY', ed, await write(ed, forEver(n.CACHEF), base58(ed))),
    ...spellings('RSAKEY', rsa, await write(rsa, forEver(n.CACHEF), base58(rsa))),
  }
}

const identity = (text: string) => create(0, Buffer.from(text))

const base58 = ({ name }: Publisher): string => base58btc.baseEncode(name.multihash.bytes)

/** As the cases spell a key: base58, base36 as what it is, base36 as dag-pb. */
const spellings = (what: 'EDKEY' | 'RSAKEY', { name }: Publisher, text: string): Partial<Names> => ({
  [what]: text,
  [`${what}_36`]: CID.createV1(0x72, name.multihash).toString(base36),
  [`${what}_PB`]: CID.createV1(0x70, name.multihash).toString(base36),
})

async function recordOf(publisher: Publisher, shape: RecordShape): Promise<Uint8Array> {
  const { value, ttlNs = HALF_AN_HOUR_NS, parts, otherValue = value, broken } = shape
  const v2 = await makeRecord(publisher, { value, ttlNs, sequence: 0n })
  if (parts === 'v2') return v2
  const [written, validity] = [Buffer.from(otherValue), Buffer.from(FAR)]
  const signed = await publisher.key.sign(Buffer.concat([written, validity, Buffer.from('EOL')]))
  const v1 = Buffer.concat([
    protoBytes(1, written),
    protoBytes(2, broken === 'v1' ? Buffer.from('invalid stuff') : signed),
    protoNumber(3, 0n),
    protoBytes(4, validity),
    protoNumber(5, 0n),
    protoNumber(6, ttlNs),
  ])
  if (parts === 'v1') return v1
  if (broken !== 'v2') return Buffer.concat([v1, v2])
  const data = dagCbor.encode({ Value: written, Validity: validity, ValidityType: 0, Sequence: 0n, TTL: ttlNs })
  return Buffer.concat([v1, protoBytes(8, Buffer.from('invalid stuff')), protoBytes(9, data)])
}

function protoNumber(field: number, value: bigint): Buffer {
  const bytes: number[] = []
  for (let rest = value; ; rest >>= 7n) {
    if (rest < 128n) return Buffer.concat([encodeVarint(field * 8), Buffer.from([...bytes, Number(rest)])])
    bytes.push(Number(rest & 127n) | 128)
  }
}
