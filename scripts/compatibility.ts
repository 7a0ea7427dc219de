// `npm run docs:compatibility`: asks Kubo and Cairn the same, and writes both answers into docs/compatibility.md.

import { readFileSync, writeFileSync } from 'node:fs'
import { askBoth, PAGE, renderTable, withTable } from '../test/interop/compatibility.ts'

const rows = await askBoth()
writeFileSync(PAGE, withTable(readFileSync(PAGE, 'utf8'), renderTable(rows)))
console.log(
  `${rows.length} requests, of which Kubo answers ${rows.filter(row => row.isKuboRight).length} as Cairn does`,
)
