// What the crash suites start: the built program, or its sources where faults are planted into them.

import { join } from 'node:path'

export const ENTRY =
  process.env.CAIRN_PLANTED === undefined
    ? join(import.meta.dirname, '../../cli/bin.js')
    : join(import.meta.dirname, 'source-cli.ts')
