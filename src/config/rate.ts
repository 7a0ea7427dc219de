// A rate as the configuration writes it: `100/s`, `600/m burst 50`.

import { CairnError } from '../errors.ts'

export interface Rate {
  readonly perSec: number
  /** So many at once after a pause. */
  readonly burst: number
}

const SECS: Record<string, number> = { s: 1, m: 60, h: 3600 }

/** Undefined for the empty text. Without a burst: what one unit of time gives. BAD_CONFIG for what is none. */
export function parseRate(text: string): Rate | undefined {
  if (text.trim() === '') return undefined
  const match = /^(\d{1,12})\s*\/\s*([smh])(?:\s+burst\s+(\d{1,12}))?$/.exec(text.trim())
  const [, count = '0', unit = '', burst = count] = match ?? []
  if (Number(count) === 0 || Number(burst) === 0) {
    throw new CairnError('BAD_CONFIG', `"${text}" is no rate`, { hint: 'as in 100/s or 600/m burst 50' })
  }
  return { perSec: Number(count) / (SECS[unit] ?? 1), burst: Number(burst) }
}

/** What one of several processes may let through. */
export function shareOfRate(text: string, processes: number): string {
  const rate = parseRate(text)
  if (rate === undefined) return ''
  const part = (value: number) => Math.max(1, Math.ceil(value / processes))
  return `${part(rate.perSec * 3600)}/h burst ${part(rate.burst)}`
}
