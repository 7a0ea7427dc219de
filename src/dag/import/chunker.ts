// Where files are cut: the chunker descriptions of Kubo (`size-N`, `rabin…`, `buzhash`), parsed and checked.

import { CairnError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import { BUZHASH_MAX, BUZHASH_MIN, cutBuzhash } from './buzhash.ts'
import { rabinCutter } from './rabin.ts'

/** Length of the first chunk of `bytes`, which are `maxBytes` of the file, or all that is left of it. */
export type Cut = (bytes: Uint8Array) => number

export interface Chunker {
  /** A file up to this size is one chunk. */
  readonly wholeBytes: number
  readonly maxBytes: number
  /** Undefined: chunks have `maxBytes`, wherever they are. */
  readonly cut?: Cut
}

/** Leaves room for the framing of a dag-pb leaf within the largest block. */
const MOST = LIMITS.blockBytes.value - 256
const DEFAULT_BYTES = 256 * 1024
const RABIN_LEAST = 16

const usage = (message: string): CairnError =>
  new CairnError('USAGE', message, { hint: 'write size-262144, rabin, rabin-262144, rabin-MIN-AVG-MAX or buzhash' })

export function parseChunker(text: string): Chunker {
  const [name, ...parameters] = text.split('-')
  if (text === 'default') return sized(DEFAULT_BYTES)
  if (name === 'buzhash') return { wholeBytes: BUZHASH_MIN, maxBytes: BUZHASH_MAX, cut: cutBuzhash }
  if (name === 'size' && parameters.length === 1) return sized(number(parameters[0]))
  if (name === 'rabin') return rabin(parameters)
  throw usage(`unknown chunker "${text}"`)
}

function sized(bytes: number): Chunker {
  if (bytes === 0) throw usage('chunks of 0 bytes would never end')
  if (bytes > MOST) throw usage(`chunks have at most ${MOST} bytes, not ${bytes}`)
  return { wholeBytes: bytes, maxBytes: bytes }
}

function rabin(parameters: readonly string[]): Chunker {
  if (parameters.length !== 0 && parameters.length !== 1 && parameters.length !== 3)
    throw usage(`"rabin-${parameters.join('-')}" has the wrong number of parameters`)
  const [min, average, max] =
    parameters.length === 3
      ? parameters.map(labelled)
      : around(parameters.length === 0 ? DEFAULT_BYTES : number(parameters[0]))
  if (min === undefined || average === undefined || max === undefined || min < RABIN_LEAST)
    throw usage(`the smallest chunk of rabin has at least ${RABIN_LEAST} bytes, not ${min}`)
  if (min >= average || average >= max) throw usage('the sizes of rabin must grow: smallest, average, largest')
  if (max > MOST) throw usage(`chunks have at most ${MOST} bytes, not ${max}`)
  return { wholeBytes: min, maxBytes: max, cut: rabinCutter({ min, average, max }) }
}

const around = (average: number): number[] => [Math.floor(average / 3), average, average + Math.floor(average / 2)]

/** Kubo also takes `rabin-min:262144-avg:524288-max:1048576`. */
const labelled = (text: string, index: number): number => number(text.replace(`${['min', 'avg', 'max'][index]}:`, ''))

function number(text = ''): number {
  if (!/^\+?\d{1,15}$/.test(text)) throw usage(`"${text}" is not a number of bytes`)
  return Number(text)
}
