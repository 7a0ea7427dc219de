// MurmurHash3 x64-128, its first 64 bits: where a name goes in a sharded folder (UnixFS, multihash code 0x22).

/** A 64-bit integer as two words, changed in place: JavaScript's own are too slow to hash a million names with. */
interface Word {
  high: number
  low: number
}

const C1: Word = { high: 0x87c37b91, low: 0x114253d5 }
const C2: Word = { high: 0x4cf5ad43, low: 0x2745937f }
const MIX1: Word = { high: 0xff51afd7, low: 0xed558ccd }
const MIX2: Word = { high: 0xc4ceb9fe, low: 0x1a85ec53 }

function multiply(x: Word, y: Word): void {
  const xl = x.low & 0xffff
  const xh = x.low >>> 16
  const yl = y.low & 0xffff
  const yh = y.low >>> 16
  const middle = xh * yl + ((xl * yl) >>> 16)
  const carry = xh * yh + Math.floor(middle / 0x10000) + (((xl * yh + (middle & 0xffff)) / 0x10000) | 0)
  x.high = (Math.imul(x.high, y.low) + Math.imul(x.low, y.high) + carry) | 0
  x.low = Math.imul(x.low, y.low)
}

function add(x: Word, y: Word): void {
  const low = (x.low >>> 0) + (y.low >>> 0)
  x.high = (x.high + y.high + (low > 0xffffffff ? 1 : 0)) | 0
  x.low = low | 0
}

function addSmall(x: Word, value: number): void {
  add(x, { high: 0, low: value })
}

function xor(x: Word, y: Word): void {
  x.high ^= y.high
  x.low ^= y.low
}

/** By 1 to 63 bits, not 32. */
function rotate(x: Word, bits: number): void {
  const [high, low] = bits < 32 ? [x.high, x.low] : [x.low, x.high]
  const by = bits % 32
  x.high = (high << by) | (low >>> (32 - by))
  x.low = (low << by) | (high >>> (32 - by))
}

function mix(x: Word): void {
  x.low ^= x.high >>> 1
  multiply(x, MIX1)
  x.low ^= x.high >>> 1
  multiply(x, MIX2)
  x.low ^= x.high >>> 1
}

function scramble(k: Word, first: Word, bits: number, second: Word): Word {
  multiply(k, first)
  rotate(k, bits)
  multiply(k, second)
  return k
}

/** Bytes from `at` on, little-endian, zeros behind `end`. */
function load(bytes: Uint8Array, at: number, end: number): Word {
  const word = (from: number): number => {
    let value = 0
    for (let i = 0; i < 4 && from + i < end; i++) value |= (bytes[from + i] as number) << (8 * i)
    return value
  }
  return { high: word(at + 4), low: word(at) }
}

function finalize(h1: Word, h2: Word, length: number): void {
  xor(h1, { high: 0, low: length })
  xor(h2, { high: 0, low: length })
  add(h1, h2)
  add(h2, h1)
  mix(h1)
  mix(h2)
  add(h1, h2)
}

/** The 64 bits as two unsigned words; the first bits taken are the highest ones of `high`. */
export function murmur3(bytes: Uint8Array): { high: number; low: number } {
  const h1: Word = { high: 0, low: 0 }
  const h2: Word = { high: 0, low: 0 }
  const { length } = bytes
  const whole = length - (length % 16)
  for (let at = 0; at < whole; at += 16) {
    xor(h1, scramble(load(bytes, at, whole), C1, 31, C2))
    rotate(h1, 27)
    add(h1, h2)
    times5(h1)
    addSmall(h1, 0x52dce729)
    xor(h2, scramble(load(bytes, at + 8, whole), C2, 33, C1))
    rotate(h2, 31)
    add(h2, h1)
    times5(h2)
    addSmall(h2, 0x38495ab5)
  }
  if (length - whole > 8) xor(h2, scramble(load(bytes, whole + 8, length), C2, 33, C1))
  if (length > whole) xor(h1, scramble(load(bytes, whole, Math.min(length, whole + 8)), C1, 31, C2))
  finalize(h1, h2, length)
  return { high: h1.high >>> 0, low: h1.low >>> 0 }
}

function times5(x: Word): void {
  multiply(x, { high: 0, low: 5 })
}
