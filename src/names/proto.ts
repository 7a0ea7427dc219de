// Protobuf messages read strictly: every known field at most once and of its own wire type, unknown ones passed over.

export type FieldSpecs = Readonly<Record<string, { readonly number: number; readonly kind: 'bytes' | 'varint' }>>

export type ProtoFields<S extends FieldSpecs> = {
  readonly [K in keyof S]: (S[K]['kind'] extends 'bytes' ? Uint8Array : bigint) | undefined
}

const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const FIXED32 = 5

/** `bad` makes the error of a reason. What is returned are views into `bytes`. */
export function readProto<const S extends FieldSpecs>(
  bytes: Uint8Array,
  specs: S,
  bad: (why: string) => Error,
): ProtoFields<S> {
  const byNumber = new Map(Object.entries(specs).map(([name, spec]) => [spec.number, { name, ...spec }]))
  const found: Record<string, Uint8Array | bigint> = {}
  let at = 0
  const take = (length: number): Uint8Array => {
    if (length > bytes.byteLength - at) throw bad('it is cut short')
    at += length
    return bytes.subarray(at - length, at)
  }
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const [byte = 0] = take(1)
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) {
        if (value >> 64n !== 0n) break
        return value
      }
    }
    throw bad('it has a number of more than 64 bits')
  }
  const readValue = (wire: number): Uint8Array | bigint => {
    if (wire === VARINT) return varint()
    if (wire === FIXED64) return take(8)
    if (wire === FIXED32) return take(4)
    if (wire !== BYTES) throw bad('it is no protobuf message')
    const length = varint()
    if (length > BigInt(bytes.byteLength)) throw bad('it is cut short')
    return take(Number(length))
  }
  while (at < bytes.byteLength) {
    const tag = varint()
    const wire = Number(tag & 7n)
    const number = tag >> 3n
    if (number === 0n || number > 0x1fffffffn) throw bad('it is no protobuf message')
    const value = readValue(wire)
    const spec = byNumber.get(Number(number))
    if (spec === undefined) continue
    if (wire !== (spec.kind === 'bytes' ? BYTES : VARINT)) throw bad(`its field ${spec.name} is of the wrong kind`)
    if (spec.name in found) throw bad(`it has the field ${spec.name} twice`)
    found[spec.name] = value
  }
  return found as ProtoFields<S>
}
