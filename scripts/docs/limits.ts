// The page of limits, from the one table of them.

import { LIMITS } from '../../src/limits.ts'
import { formatDuration, formatSize } from '../../src/units.ts'
import type { Generated } from '../docs.ts'

const SHOW = {
  bytes: formatSize,
  ms: formatDuration,
  count: (value: number) => value.toLocaleString('en-US'),
}

export function limitFiles(): Generated[] {
  const rows = Object.entries(LIMITS).map(
    ([name, { value, key, unit, doc }]) =>
      `| \`${name}\` | ${SHOW[unit](value)} | ${doc} | ${key === null ? 'fixed' : `\`${key}\``} |`,
  )
  const text = [
    '# Limits',
    '',
    '<!-- Generated from src/limits.ts by `npm run docs`. -->',
    '',
    'Everything that outsiders feed is bounded. What goes beyond a limit is refused with an error that names the limit',
    '(HTTP 413, exit code 8), or dropped where nobody waits for an answer.',
    '',
    '| limit | default | what it bounds | config key |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
  return [{ path: 'docs/limits.md', text }]
}
