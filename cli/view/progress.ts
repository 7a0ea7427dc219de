// One line of progress as text: how much, how fast, how long still.

import { formatDuration, formatSize } from '../../src/units.ts'

export interface ProgressState {
  readonly label: string
  readonly bytes: number
  readonly totalBytes?: number | undefined
  /** What is at hand now: a name, a number of blocks. */
  readonly note?: string | undefined
  readonly bytesPerSecond: number
}

/** Fits `columns`; the note gives way first. */
export function progressLine(
  { label, bytes, totalBytes, note, bytesPerSecond }: ProgressState,
  columns: number,
): string {
  const parts = [label]
  if (totalBytes !== undefined && totalBytes > 0) {
    const share = Math.min(100, Math.floor((bytes / totalBytes) * 100))
    parts.push(`${formatSize(bytes)} of ${formatSize(totalBytes)}`, `${share} %`)
  } else {
    parts.push(formatSize(bytes))
  }
  if (bytesPerSecond > 0) {
    parts.push(`${formatSize(Math.round(bytesPerSecond))}/s`)
    const left = (totalBytes ?? 0) - bytes
    if (left > 0) parts.push(`${formatDuration((left / bytesPerSecond) * 1000)} left`)
  }
  const line = parts.join('  ')
  const room = columns - 1 - line.length - 2
  if (note === undefined || room < 8) return line.slice(0, columns - 1)
  return `${line}  ${note.length <= room ? note : `…${note.slice(-(room - 1))}`}`
}
