import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BETTER_CASES } from '../gateway/better/ours.ts'
import { whyNoNamespace } from '../net/namespace.ts'
import { askBoth, readTable, renderTable } from './compatibility.ts'
import { findKubo } from './kubo-daemon.ts'

const reason = findKubo() === undefined ? 'no `ipfs` on the PATH or in $CAIRN_PEERS' : whyNoNamespace()
if (reason !== '') console.log(`\n» better than Kubo: SKIPPED, ${reason}`)
const lane = reason === '' ? test : test.skip

lane('the same requests to both are answered as docs/compatibility.md says', async () => {
  const rows = await askBoth()
  const count = new Set(rows.map(({ row }) => row)).size
  const otherwise = rows.filter(({ isKuboRight }) => !isKuboRight).length
  console.log(`\n» better than Kubo: ${rows.length} requests of ${count} rows of §6, Kubo otherwise in ${otherwise}`)
  assert.is(rows.length, BETTER_CASES.length)
  assert.is(renderTable(rows), readTable(), 'write it anew with `npm run docs:compatibility`')
})

test.run()
