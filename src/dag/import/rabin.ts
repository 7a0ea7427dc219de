// Content-defined cutting by Rabin fingerprints, with the polynomial and the window of go-ipfs-chunker.

import type { Cut } from './chunker.ts'

/** Irreducible, of degree 53. */
const POLYNOMIAL = 17437180132763653n
const DEGREE = 53n
const WINDOW = 16

/**
 * Fingerprints have 53 bits, kept as a high word of 21 and a low word of 32, because JavaScript has no fast integer of that size.
 * `out` takes away the byte that leaves the window, `mod` reduces by the eight bits above the degree.
 */
interface Tables {
  readonly outHigh: Int32Array
  readonly outLow: Int32Array
  readonly modHigh: Int32Array
  readonly modLow: Int32Array
}

let shared: Tables | undefined

const bitLength = (value: bigint): bigint => BigInt(value.toString(2).length)

function reduce(value: bigint): bigint {
  let rest = value
  for (let over = bitLength(rest) - 1n - DEGREE; rest !== 0n && over >= 0n; over = bitLength(rest) - 1n - DEGREE)
    rest ^= POLYNOMIAL << over
  return rest
}

function makeTables(): Tables {
  const tables: Tables = {
    outHigh: new Int32Array(256),
    outLow: new Int32Array(256),
    modHigh: new Int32Array(256),
    modLow: new Int32Array(256),
  }
  for (let byte = 0; byte < 256; byte++) {
    let out = reduce(BigInt(byte))
    for (let i = 1; i < WINDOW; i++) out = reduce(out << 8n)
    const top = BigInt(byte) << DEGREE
    const mod = reduce(top) | top
    tables.outHigh[byte] = Number(out >> 32n)
    tables.outLow[byte] = Number(BigInt.asIntN(32, out))
    tables.modHigh[byte] = Number(mod >> 32n)
    tables.modLow[byte] = Number(BigInt.asIntN(32, mod))
  }
  return tables
}

export function rabinCutter({ min, average, max }: { min: number; average: number; max: number }): Cut {
  shared ??= makeTables()
  const { outHigh, outLow, modHigh, modLow } = shared
  // A cut is where as many low bits are zero as the average has: one in 2^bits places.
  const mask = 2 ** (31 - Math.clz32(average)) - 1
  const window = new Uint8Array(WINDOW)
  return bytes => {
    const most = Math.min(bytes.length, max)
    window.fill(0)
    // Each chunk starts from a window that has seen a single 1, and is looked at from `WINDOW` bytes before its smallest size.
    window[0] = 1
    let position = 1
    let high = 0
    let low = 1
    for (let at = min - WINDOW; at < most; ) {
      const byte = bytes[at++] as number
      const leaving = window[position] as number
      window[position] = byte
      position = (position + 1) % WINDOW
      high ^= outHigh[leaving] as number
      low ^= outLow[leaving] as number
      const index = high >>> 13
      high = (high << 8) | (low >>> 24)
      low = (low << 8) | byte
      high ^= modHigh[index] as number
      low ^= modLow[index] as number
      if (at >= min && ((low & mask) === 0 || at >= max)) return at
    }
    return bytes.length
  }
}
