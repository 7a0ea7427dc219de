// Text in columns and paragraphs, for help and lists.

/** Two columns, the second wrapped below itself; `left` is as wide as its longest entry, within limits. */
export function columns(rows: readonly (readonly [string, string])[], width: number, least = 0): string[] {
  const left = Math.min(Math.max(least, ...rows.map(([first]) => first.length)), 30)
  return rows.flatMap(([first, second]) => {
    const lines = wrap(second, Math.max(width - left - 4, 24))
    const head = first.length > left ? [`  ${first}`, ''] : [`  ${first.padEnd(left)}  `]
    const indent = ' '.repeat(left + 4)
    if (head.length === 2) return [head[0] ?? '', ...lines.map(line => indent + line)]
    return lines.map((line, index) => (index === 0 ? (head[0] ?? '') + line : indent + line))
  })
}

/** Lines of at most `width` characters, broken between words; a longer word stands alone. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}

/** Rows with every column as wide as its widest cell; `right` names the columns aligned to the right. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const widths = rows.reduce<number[]>((all, row) => row.map((cell, i) => Math.max(all[i] ?? 0, cell.length)), [])
  return rows.map(row =>
    row
      .map((cell, i) => (right.includes(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}
