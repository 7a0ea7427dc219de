// An IPNS record taken apart: its protobuf strictly, the signed CBOR inside it, and whether the two agree (spec: gateway §2.16).

import * as dagCbor from '@ipld/dag-cbor'
import { scanCbor } from '../block/scan-cbor.ts'
import { CairnError, isCairnError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { type ProtoFields, readProto } from './proto.ts'
import { parseValidity } from './validity.ts'

/** All that a record says; whether it is signed by the right key is another question. */
export interface RecordContent {
  readonly value: string
  readonly validity: string
  readonly validUntilNs: bigint
  readonly sequence: bigint
  readonly ttlNs: bigint
  readonly signatureV2: Uint8Array
  readonly hasV1: boolean
  /** What `signatureV2` is over, behind the prefix. */
  readonly data: Uint8Array
  readonly publicKey: Uint8Array | undefined
}

const FIELDS = {
  value: { number: 1, kind: 'bytes' },
  signatureV1: { number: 2, kind: 'bytes' },
  validityType: { number: 3, kind: 'varint' },
  validity: { number: 4, kind: 'bytes' },
  sequence: { number: 5, kind: 'varint' },
  ttl: { number: 6, kind: 'varint' },
  publicKey: { number: 7, kind: 'bytes' },
  signatureV2: { number: 8, kind: 'bytes' },
  data: { number: 9, kind: 'bytes' },
} as const

type Fields = ProtoFields<typeof FIELDS>

/** BAD_RECORD with the reason. */
export function readRecord(bytes: Uint8Array): RecordContent {
  if (bytes.byteLength > LIMITS.recordBytes.value)
    throw badRecord(`it has ${bytes.byteLength} bytes, more than the ${LIMITS.recordBytes.value} allowed`)
  if (bytes.byteLength === 0) throw badRecord('it is empty')
  const fields = readProto(bytes, FIELDS, badRecord)
  const { data, signatureV2 } = fields
  if (data === undefined) throw badRecord('it has no signed data (records with a V1 signature alone prove nothing)')
  if (signatureV2 === undefined || signatureV2.byteLength === 0) throw badRecord('it has no V2 signature')
  const signed = readData(data)
  const hasV1 = (fields.signatureV1?.byteLength ?? 0) > 0
  if (hasV1 || (fields.value?.byteLength ?? 0) > 0) checkCopies(fields, signed)
  return {
    value: utf8(signed.value, 'value'),
    validity: utf8(signed.validity, 'validity'),
    validUntilNs: parseValidity(utf8(signed.validity, 'validity'), badRecord),
    sequence: signed.sequence,
    ttlNs: signed.ttl,
    signatureV2,
    hasV1,
    data,
    publicKey: fields.publicKey,
  }
}

interface SignedData {
  readonly value: Uint8Array
  readonly validity: Uint8Array
  readonly validityType: bigint
  readonly sequence: bigint
  readonly ttl: bigint
}

function readData(data: Uint8Array): SignedData {
  const map = decodeData(data)
  const bytes = (name: string) => {
    const value = map[name]
    if (!(value instanceof Uint8Array)) throw badRecord(`its signed data has no ${name}`)
    return value
  }
  const uint = (name: string) => {
    const value = map[name]
    if (typeof value !== 'bigint' && !Number.isSafeInteger(value)) throw badRecord(`its signed data has no ${name}`)
    const whole = BigInt(value as bigint | number)
    if (whole < 0n) throw badRecord(`its ${name} is negative`)
    return whole
  }
  const validityType = uint('ValidityType')
  if (validityType !== 0n) throw badRecord(`its validity type ${validityType} does not exist`)
  return {
    value: bytes('Value'),
    validity: bytes('Validity'),
    validityType,
    sequence: uint('Sequence'),
    ttl: uint('TTL'),
  }
}

function decodeData(data: Uint8Array): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    // The decoder recurses; the scan does not, and knows the depth that is allowed.
    scanCbor(data)
    value = dagCbor.decode(data)
  } catch (cause) {
    const why = isCairnError(cause) ? `: ${cause.message.replace(/^the block /, 'it ')}` : ''
    throw badRecord(`its signed data is not DAG-CBOR${why}`, cause)
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value) || value instanceof Uint8Array)
    throw badRecord('its signed data is no map')
  return value as Record<string, unknown>
}

/** What old readers look at must not say anything else than what is signed. */
function checkCopies(fields: Fields, signed: SignedData): void {
  const differs = (name: string) => badRecord(`its ${name} outside the signed data differs from the one inside`)
  if (!sameBytes(fields.value, signed.value)) throw differs('value')
  if (!sameBytes(fields.validity, signed.validity)) throw differs('validity')
  if ((fields.validityType ?? 0n) !== signed.validityType) throw differs('validity type')
  if ((fields.sequence ?? 0n) !== signed.sequence) throw differs('sequence')
  if ((fields.ttl ?? 0n) !== signed.ttl) throw differs('TTL')
}

const sameBytes = (a: Uint8Array | undefined, b: Uint8Array): boolean => Buffer.compare(a ?? new Uint8Array(), b) === 0

function utf8(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw badRecord(`its ${what} is not UTF-8`, cause)
  }
}

export const badRecord = (why: string, cause?: unknown): CairnError =>
  new CairnError('BAD_RECORD', `the IPNS record is not valid: ${why}`, { cause })
