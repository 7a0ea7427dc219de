// The `entity-bytes` parameter of CAR requests: `from:to`, both inclusive, from the end where negative (spec: gateway §2.14).

import { CairnError } from '../../src/errors.ts'

export interface EntityBytes {
  readonly from: number
  /** Undefined for `*`, the end. */
  readonly to: number | undefined
}

export function parseEntityBytes(text: string): EntityBytes {
  const match = /^(-?\d{1,16}):(-?\d{1,16}|\*)$/.exec(text)
  const from = Number(match?.[1])
  const to = match?.[2] === '*' ? undefined : Number(match?.[2])
  const isReversed = to !== undefined && from < 0 === to < 0 && from > to
  if (match === null || isReversed) {
    throw new CairnError('BAD_REQUEST', `entity-bytes "${text.slice(0, 40)}" is no range`, {
      hint: 'write it as from:to; negative numbers count from the end, * is the end',
    })
  }
  return { from, to }
}

/** Which bytes of a file of that size, both ends inclusive; undefined if that is none. BAD_REQUEST for what begins behind its end. */
export function bytesOfFile({ from, to }: EntityBytes, sizeBytes: number): { from: number; to: number } | undefined {
  const first = from < 0 ? Math.max(0, sizeBytes + from) : from
  const last = to === undefined ? sizeBytes - 1 : to < 0 ? sizeBytes + to : Math.min(to, sizeBytes - 1)
  if (first >= sizeBytes && sizeBytes > 0) {
    throw new CairnError('BAD_REQUEST', `entity-bytes begins at ${first}, the file ends at ${sizeBytes}`)
  }
  return first > last ? undefined : { from: first, to: last }
}
