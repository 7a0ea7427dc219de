// QR codes (ISO/IEC 18004) of short texts: byte mode, error correction M, versions 1 to 20, as the rows of a square of dots.

/** By version: codewords for error correction in each block, and number of blocks. */
const CORRECTION = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26]
const BLOCKS = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16]
const VERSIONS = CORRECTION.length
/** Format bits of level M. */
const LEVEL_M = 0

type Grid = boolean[][]

/** Undefined if it is too long. */
export function qrCode(text: string): Grid | undefined {
  const bytes = Buffer.from(text)
  for (let version = 1; version <= VERSIONS; version++) {
    const data = dataCodewords(version)
    const headBits = 4 + (version < 10 ? 8 : 16)
    if (headBits + bytes.length * 8 <= data * 8) return draw(version, interleave(version, encode(bytes, version, data)))
  }
  return undefined
}

function encode(bytes: Uint8Array, version: number, length: number): number[] {
  let bits = `0100${bytes.length.toString(2).padStart(version < 10 ? 8 : 16, '0')}`
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0')
  bits += '0'.repeat(Math.min(4, length * 8 - bits.length))
  bits += '0'.repeat((8 - (bits.length % 8)) % 8)
  const words = bits.match(/.{8}/g)?.map(word => Number.parseInt(word, 2)) ?? []
  for (let pad = 0xec; words.length < length; pad ^= 0xec ^ 0x11) words.push(pad)
  return words
}

/** Dots that carry codewords: all but the patterns. */
function dataDots(version: number): number {
  const aligned = version === 1 ? 0 : Math.floor(version / 7) + 2
  const patterns = aligned === 0 ? 0 : (25 * aligned - 10) * aligned - 55
  return (16 * version + 128) * version + 64 - patterns - (version >= 7 ? 36 : 0)
}

const allCodewords = (version: number): number => Math.floor(dataDots(version) / 8)
const correctionOf = (version: number): number => CORRECTION[version - 1] as number
const blocksOf = (version: number): number => BLOCKS[version - 1] as number
const dataCodewords = (version: number): number => allCodewords(version) - correctionOf(version) * blocksOf(version)

/** Blocks of data, each with its correction, dealt out like cards so that a smudge hurts each a little. */
function interleave(version: number, data: readonly number[]): number[] {
  const count = blocksOf(version)
  const short = Math.floor(data.length / count)
  const longer = data.length % count
  const generator = generatorOf(correctionOf(version))
  const blocks = Array.from({ length: count }, (_, index) => {
    const start = index * short + Math.max(0, index - (count - longer))
    return data.slice(start, start + short + (index >= count - longer ? 1 : 0))
  })
  const corrections = blocks.map(block => remainder(block, generator))
  const deal = (hands: readonly (readonly number[])[], most: number) =>
    Array.from({ length: most }, (_, at) => hands.flatMap(hand => hand.slice(at, at + 1))).flat()
  return [...deal(blocks, short + 1), ...deal(corrections, correctionOf(version))]
}

/** In the field of 256 elements over x⁸+x⁴+x³+x²+1. */
function multiply(a: number, b: number): number {
  let product = 0
  for (let bit = 7; bit >= 0; bit--) {
    product = (product << 1) ^ (product >>> 7 === 1 ? 0x11d : 0)
    if (((b >>> bit) & 1) === 1) product ^= a
  }
  return product
}

function generatorOf(degree: number): number[] {
  const result = [...Array<number>(degree - 1).fill(0), 1]
  for (let index = 0, root = 1; index < degree; index++, root = multiply(root, 2)) {
    for (let at = 0; at < degree; at++) result[at] = multiply(result[at] as number, root) ^ (result[at + 1] ?? 0)
  }
  return result
}

function remainder(data: readonly number[], generator: readonly number[]): number[] {
  const result = Array<number>(generator.length).fill(0)
  for (const word of data) {
    const factor = word ^ (result.shift() as number)
    result.push(0)
    for (const [at, coefficient] of generator.entries())
      result[at] = (result[at] as number) ^ multiply(coefficient, factor)
  }
  return result
}

const MASKS: readonly ((x: number, y: number) => number)[] = [
  (x, y) => (x + y) % 2,
  (_x, y) => y % 2,
  x => x % 3,
  (x, y) => (x + y) % 3,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2,
  (x, y) => ((x * y) % 2) + ((x * y) % 3),
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2,
]

/** With the mask that leaves the fewest patterns a reader could mistake. */
function draw(version: number, codewords: readonly number[]): Grid {
  const candidates = MASKS.map((mask, index) => masked(version, codewords, mask, index))
  const [first = [], ...others] = candidates
  return others.reduce((best, grid) => (penalty(grid) < penalty(best) ? grid : best), first)
}

function masked(version: number, codewords: readonly number[], mask: (x: number, y: number) => number, index: number) {
  const { grid, isFixed } = patterns(version, formatBits(index))
  const size = grid.length
  let bit = 0
  for (let right = size - 1; right >= 1; right -= 2) {
    const column = right <= 6 ? right - 1 : right
    for (let step = 0; step < size; step++) {
      for (const x of [column, column - 1]) {
        const y = ((column + 1) & 2) === 0 ? size - 1 - step : step
        if (isFixed[y]?.[x]) continue
        const word = codewords[bit >>> 3] ?? 0
        const isDark = ((word >>> (7 - (bit & 7))) & 1) === 1
        ;(grid[y] as boolean[])[x] = isDark !== (mask(x, y) === 0)
        bit++
      }
    }
  }
  return grid
}

/** BCH codes: fifteen bits with the mask, eighteen with the version. */
function formatBits(mask: number): number {
  const data = (LEVEL_M << 3) | mask
  return ((data << 10) | bch(data, 10, 0x537)) ^ 0x5412
}

function bch(data: number, bits: number, generator: number): number {
  let rest = data
  for (let index = 0; index < bits; index++) rest = (rest << 1) ^ ((rest >>> (bits - 1)) * generator)
  return rest
}

function patterns(version: number, format: number): { grid: Grid; isFixed: Grid } {
  const size = version * 4 + 17
  const grid = Array.from({ length: size }, () => Array<boolean>(size).fill(false))
  const isFixed = Array.from({ length: size }, () => Array<boolean>(size).fill(false))
  const set = (x: number, y: number, isDark: boolean) => {
    if (x < 0 || y < 0 || x >= size || y >= size) return
    ;(grid[y] as boolean[])[x] = isDark
    ;(isFixed[y] as boolean[])[x] = true
  }
  const rings = (centerX: number, centerY: number, radius: number, isDark: (ring: number) => boolean) => {
    for (let y = -radius; y <= radius; y++) {
      for (let x = -radius; x <= radius; x++) set(centerX + x, centerY + y, isDark(Math.max(Math.abs(x), Math.abs(y))))
    }
  }
  for (let at = 0; at < size; at++) {
    set(6, at, at % 2 === 0)
    set(at, 6, at % 2 === 0)
  }
  for (const [x, y] of [
    [3, 3],
    [size - 4, 3],
    [3, size - 4],
  ] as const)
    rings(x, y, 4, ring => ring !== 2 && ring !== 4)
  const centers = alignments(version)
  const last = centers.length - 1
  for (const [i, x] of centers.entries()) {
    for (const [j, y] of centers.entries()) {
      const isFinder = (i === 0 && j === 0) || (i === 0 && j === last) || (i === last && j === 0)
      if (!isFinder) rings(x, y, 2, ring => ring !== 1)
    }
  }
  setFormat(set, size, format)
  if (version >= 7) setVersion(set, size, version)
  return { grid, isFixed }
}

function alignments(version: number): number[] {
  if (version === 1) return []
  const count = Math.floor(version / 7) + 2
  const step = Math.floor((version * 8 + count * 3 + 5) / (count * 4 - 4)) * 2
  return [6, ...Array.from({ length: count - 1 }, (_, index) => version * 4 + 10 - index * step).reverse()]
}

type SetDot = (x: number, y: number, isDark: boolean) => void

function setFormat(set: SetDot, size: number, format: number): void {
  const bit = (index: number) => ((format >>> index) & 1) === 1
  for (let index = 0; index < 15; index++) {
    const near = index < 6 ? index : index < 8 ? index + 1 : 15 - index
    if (index < 8) set(8, near, bit(index))
    else set(index === 8 ? 7 : 14 - index, 8, bit(index))
    if (index < 8) set(size - 1 - index, 8, bit(index))
    else set(8, size - 15 + index, bit(index))
  }
  set(8, size - 8, true)
}

function setVersion(set: SetDot, size: number, version: number): void {
  const bits = (version << 12) | bch(version, 12, 0x1f25)
  for (let index = 0; index < 18; index++) {
    const isDark = ((bits >>> index) & 1) === 1
    const [a, b] = [size - 11 + (index % 3), Math.floor(index / 3)]
    set(a, b, isDark)
    set(b, a, isDark)
  }
}

/** The four rules of the standard: runs, squares, false finders, imbalance. */
function penalty(grid: Grid): number {
  const size = grid.length
  const columns = Array.from({ length: size }, (_, x) => grid.map(row => row[x] === true))
  const lines = [...grid, ...columns].map(line => line.map(Number).join(''))
  let total = 0
  for (const line of lines) {
    for (const run of line.match(/0{5,}|1{5,}/g) ?? []) total += run.length - 2
    for (const pattern of ['10111010000', '00001011101']) total += 40 * (line.split(pattern).length - 1)
  }
  let dark = 0
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      if (grid[y]?.[x]) dark++
      const isSquare =
        grid[y]?.[x] === grid[y]?.[x + 1] && grid[y]?.[x] === grid[y + 1]?.[x] && grid[y]?.[x] === grid[y + 1]?.[x + 1]
      if (isSquare) total += 3
    }
  }
  return total + 10 * Math.floor(Math.abs((dark * 20) / (size * size) - 10))
}
