// One line of progress as text: how much, how fast, how long still.

import { formatDuration, formatSize } from '../../src/units.ts'

export interface ProgressState {
  readonly label: string
  readonly done: number
  readonly total?: number | undefined
  /** What is counted, `blocks`; bytes if it is not said. */
  readonly unit?: string | undefined
  /** What is at hand now: a name, a number of blocks. */
  readonly note?: string | undefined
  readonly perSecond: number
}

/** Fits `columns`; the note gives way first. */
export function progressLine({ label, done, total, unit, note, perSecond }: ProgressState, columns: number): string {
  const show = (n: number): string => (unit === undefined ? formatSize(Math.round(n)) : String(Math.round(n)))
  const parts = [label]
  const suffix = unit === undefined ? '' : ` ${unit}`
  if (total !== undefined && total > 0) {
    parts.push(`${show(done)} of ${show(total)}${suffix}`, `${Math.min(100, Math.floor((done / total) * 100))} %`)
  } else {
    parts.push(show(done) + suffix)
  }
  if (perSecond > 0) {
    parts.push(`${show(perSecond)}/s`)
    const left = (total ?? 0) - done
    if (left > 0) parts.push(`${formatDuration((left / perSecond) * 1000)} left`)
  }
  const line = parts.join('  ')
  const room = columns - 1 - line.length - 2
  if (note === undefined || room < 8) return line.slice(0, columns - 1)
  return `${line}  ${note.length <= room ? note : `…${note.slice(-(room - 1))}`}`
}
