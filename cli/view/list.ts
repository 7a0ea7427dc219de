// The rows of `cairn ls`, in the columns of `ipfs ls`.

import type { CID } from 'multiformats/cid'
import { escapeName } from '../../src/dag/names.ts'
import { formatMode, formatMtime } from './entry.ts'

export interface ListRow {
  readonly name: string
  readonly cid: CID
  /** `unknown`: its block is not here. */
  readonly kind: 'file' | 'directory' | 'symlink' | 'other' | 'unknown'
  /** Bytes of a file's content; undefined for folders and what is not here. */
  readonly size: number | undefined
  readonly mode: number | undefined
  readonly mtime: { readonly secs: bigint; readonly nsecs: number } | undefined
  readonly target: string | undefined
}

export interface ListView {
  readonly size: boolean
  readonly type: boolean
  readonly long: boolean
}

/** Mode, CID, size and time are as wide as the widest of the page, with its header if it has one; the name comes last and as it is. */
export function listLines(rows: readonly ListRow[], view: ListView, hasHeader = false): string {
  const lines = [
    ...(hasHeader ? [[...header(view), 'Name']] : []),
    ...rows.map(row => [
      ...cells(row, view),
      escapeName(row.name) + (view.type && row.kind === 'directory' ? '/' : ''),
    ]),
  ]
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map(line => line[column]?.length ?? 0)))
  return lines
    .map(line => {
      const name = line.pop() ?? ''
      return `${[...line.map((cell, column) => cell.padEnd(widths[column] ?? 0)), name].join(' ')}\n`
    })
    .join('')
}

const header = ({ size, long }: ListView): string[] => [
  ...(long ? ['Mode'] : []),
  'Hash',
  ...(size ? ['Size'] : []),
  ...(long ? ['Modified'] : []),
]

function cells(row: ListRow, { size, long }: ListView): string[] {
  return [
    ...(long ? [row.mode === undefined ? '-' : formatMode(row.mode)] : []),
    String(row.cid),
    ...(size ? [row.size === undefined ? '-' : String(row.size)] : []),
    ...(long ? [row.mtime === undefined ? '-' : formatMtime(row.mtime)] : []),
  ]
}
