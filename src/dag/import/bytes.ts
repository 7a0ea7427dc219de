// A growing byte buffer with the few protobuf primitives that UnixFS and dag-pb need.

const INITIAL_BYTES = 256

/** Bytes a varint takes; `value` is an integer from 0 to 2^53. */
export function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes++
  return bytes
}

/** Writes a varint at `at`; returns where it ends. */
export function writeVarint(target: Uint8Array, at: number, value: number): number {
  let rest = value
  let end = at
  while (rest >= 0x80) {
    target[end++] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  target[end++] = rest
  return end
}

export class ByteWriter {
  bytes: Buffer = Buffer.allocUnsafe(INITIAL_BYTES)
  length = 0

  /** Makes room for `count` more bytes; the buffer may move. */
  reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.length + count))
    larger.set(this.bytes.subarray(0, this.length))
    this.bytes = larger
  }

  byte(value: number): this {
    this.reserve(1)
    this.bytes[this.length++] = value
    return this
  }

  varint(value: number): this {
    this.reserve(10)
    this.length = writeVarint(this.bytes, this.length, value)
    return this
  }

  /** A signed 64-bit varint: negative numbers take all ten bytes. */
  varint64(value: bigint): this {
    let rest = BigInt.asUintN(64, value)
    for (; rest >= 0x80n; rest >>= 7n) this.byte(Number(rest & 0x7fn) | 0x80)
    return this.byte(Number(rest))
  }

  fixed32(value: number): this {
    this.reserve(4)
    this.length = this.bytes.writeUInt32LE(value, this.length)
    return this
  }

  append(bytes: Uint8Array): this {
    this.reserve(bytes.length)
    this.bytes.set(bytes, this.length)
    this.length += bytes.length
    return this
  }

  /** A copy of its own, so that the writer can be used again. */
  copy(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.bytes.subarray(0, this.length))
  }

  clear(): void {
    this.length = 0
  }
}
