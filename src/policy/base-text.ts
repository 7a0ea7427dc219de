// Base32 and base58 read from bytes and written without an object for each: a list has a million of them.

const NONE = 255

function digitsOf(alphabet: string): Uint8Array {
  const digits = new Uint8Array(256).fill(NONE)
  for (const [value, char] of [...alphabet].entries()) digits[char.charCodeAt(0)] = value
  return digits
}

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const DIGITS32 = digitsOf('abcdefghijklmnopqrstuvwxyz234567')
const DIGITS58 = digitsOf(BASE58)
const DIGITS16 = digitsOf('0123456789abcdef')
for (const [index, char] of [...'ABCDEF'].entries()) DIGITS16[char.charCodeAt(0)] = 10 + index

/** The text that was read is no text of that base. */
export const NOT_THAT_BASE = -1

/** Writes the bytes behind base32 without padding into `out`; how many, or NOT_THAT_BASE. */
export function readBase32(text: Uint8Array, start: number, end: number, out: Uint8Array): number {
  let [bits, buffer, length] = [0, 0, 0]
  for (let at = start; at < end; at++) {
    const digit = DIGITS32[text[at] as number] as number
    if (digit === NONE) return NOT_THAT_BASE
    buffer = ((buffer & 0xfff) << 5) | digit
    bits += 5
    if (bits < 8) continue
    bits -= 8
    out[length++] = buffer >>> bits
  }
  // RFC 4648: what is left over is less than a digit, and zero.
  return bits >= 5 || (buffer & ((1 << bits) - 1)) !== 0 ? NOT_THAT_BASE : length
}

export function readHex(text: Uint8Array, start: number, end: number, out: Uint8Array): number {
  if ((end - start) % 2 !== 0) return NOT_THAT_BASE
  for (let at = start; at < end; at += 2) {
    const [high, low] = [DIGITS16[text[at] as number] as number, DIGITS16[text[at + 1] as number] as number]
    if (high === NONE || low === NONE) return NOT_THAT_BASE
    out[(at - start) >> 1] = high * 16 + low
  }
  return (end - start) >> 1
}

/** Digits of base58 and bytes are taken four and three at a time: their products stay exact in a double. */
const MOST_CHARS = 256
const LIMB = 2 ** 24
const FOUR = 58 ** 4
const limbs = new Float64Array(MOST_CHARS)

export function readBase58(text: Uint8Array, start: number, end: number, out: Uint8Array): number {
  if (end - start > MOST_CHARS) return NOT_THAT_BASE
  let [at, zeros, count] = [start, 0, 0]
  for (; at < end && text[at] === 0x31; at++) zeros++
  while (at < end) {
    let [carry, scale] = [0, 1]
    for (let step = 0; step < 4 && at < end; step++) {
      const digit = DIGITS58[text[at++] as number] as number
      if (digit === NONE) return NOT_THAT_BASE
      carry = carry * 58 + digit
      scale *= 58
    }
    for (let i = 0; i < count; i++) {
      const product = (limbs[i] as number) * scale + carry
      carry = Math.floor(product / LIMB)
      limbs[i] = product - carry * LIMB
    }
    if (carry > 0) limbs[count++] = carry
  }
  out.fill(0, 0, zeros)
  let length = zeros
  for (let i = count - 1; i >= 0; i--) {
    const limb = limbs[i] as number
    for (let shift = 16; shift >= 0; shift -= 8) {
      if (i < count - 1 || limb >>> shift > 0) out[length++] = limb >>> shift
    }
  }
  return length
}

const PAIRS = Array.from(
  { length: 58 * 58 },
  (_, value) => BASE58.charAt(Math.floor(value / 58)) + BASE58.charAt(value % 58),
)

export function writeBase58(bytes: Uint8Array): string {
  let [zeros, count] = [0, 0]
  while (zeros < bytes.byteLength && bytes[zeros] === 0) zeros++
  for (let at = zeros; at < bytes.byteLength; ) {
    let [carry, scale] = [0, 1]
    for (let step = 0; step < 3 && at < bytes.byteLength; step++) {
      carry = carry * 256 + (bytes[at++] as number)
      scale *= 256
    }
    for (let i = 0; i < count; i++) {
      const product = (limbs[i] as number) * scale + carry
      carry = Math.floor(product / FOUR)
      limbs[i] = product - carry * FOUR
    }
    // A carry of three bytes may be more than one limb of base 58^4.
    for (; carry > 0; carry = Math.floor(carry / FOUR)) limbs[count++] = carry % FOUR
  }
  let text = ''
  for (let i = count - 1; i >= 0; i--) {
    const limb = limbs[i] as number
    const high = Math.floor(limb / 3364)
    text += (PAIRS[high] as string) + (PAIRS[limb - high * 3364] as string)
  }
  return '1'.repeat(zeros) + text.replace(/^1+/, '')
}
