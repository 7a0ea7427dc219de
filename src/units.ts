// Sizes and durations as people write them (`10GiB`, `30s`): one parser and one printer for config, flags and views.

import { CairnError } from './errors.ts'

export const KiB = 1024
export const MiB = 1024 * KiB
export const GiB = 1024 * MiB

const SIZE_UNITS: Record<string, number> = {
  b: 1,
  k: 1e3,
  kb: 1e3,
  kib: KiB,
  m: 1e6,
  mb: 1e6,
  mib: MiB,
  g: 1e9,
  gb: 1e9,
  gib: GiB,
  t: 1e12,
  tb: 1e12,
  tib: 1024 * GiB,
}
const DURATION_UNITS: Record<string, number> = { ms: 1, s: 1e3, m: 60e3, h: 3600e3, d: 86400e3 }

/** `"10GiB"`, `"1.5G"` (decimal units are powers of 1000), `"4096"` or a number → bytes. */
export function parseSize(text: string | number): number {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(String(text).trim())
  const unit = SIZE_UNITS[(match?.[2] || 'b').toLowerCase()]
  if (match === null || unit === undefined) {
    throw new CairnError('USAGE', `"${text}" is not a size`, { hint: 'write it as 512KiB, 10GiB or a number of bytes' })
  }
  return Math.round(Number(match[1]) * unit)
}

/** `"30s"`, `"1h30m"`, `"250ms"` or a number of milliseconds → milliseconds. */
export function parseDuration(text: string | number): number {
  const trimmed = String(text).trim()
  if (/^\d+$/.test(trimmed)) return Number(trimmed)
  const parts = [...trimmed.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)]
  if (parts.length === 0 || parts.map(part => part[0]).join('') !== trimmed) {
    throw new CairnError('USAGE', `"${text}" is not a duration`, { hint: 'write it as 500ms, 30s, 5m or 1h30m' })
  }
  return parts.reduce((sum, [, value, unit]) => sum + Number(value) * (DURATION_UNITS[unit ?? ''] ?? 0), 0)
}

/** Timers that wait longer than this (24 days) fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** As `parseDuration`, for what a timer is set to. */
export const parseTimeout = (text: string | number): number => Math.min(parseDuration(text), LONGEST_TIMER_MS)

/** Bytes for people: `1.5 MiB`. */
export function formatSize(sizeBytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = sizeBytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return unit === 0 ? `${value} B` : `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`
}

/** Milliseconds for people: `1.2 s`, `3 min 5 s`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 1000) return `${Math.round(durationMs)} ms`
  const seconds = durationMs / 1000
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
}
