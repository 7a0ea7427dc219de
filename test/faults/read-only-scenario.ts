// What read-only.test.ts does on an ext4 of its own: a daemon whose disk turns read-only under it. Arguments: mounted folder, name of the loop device.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { cairn, cairnOk, startDaemon } from '../support/cairn.ts'
import { randomBytes } from '../support/files.ts'

const [disk = '', device = ''] = process.argv.slice(2)
const repo = join(disk, 'repo')
const bytes = randomBytes(3)(3_000_000)
const root = await cairnOk(['add', '-Q', '--chunker', 'size-262144'], { repo, input: bytes })
const small = await cairnOk(['add', '-Q'], { repo, input: 'small' })
const daemon = await startDaemon({ repo })

async function served(): Promise<void> {
  const answer = await fetch(`${daemon.gateway}/ipfs/${root}`)
  assert.is(answer.status, 200)
  assert.ok(Buffer.from(await answer.arrayBuffer()).equals(bytes))
}

async function refusedAdd(): Promise<string> {
  const form = new FormData()
  form.append('file', new Blob([new Uint8Array(randomBytes(4)(600_000))]), 'file')
  // A refusal may come, and the connection end, before all of the body has been sent.
  const answer = await fetch(`${daemon.api}/api/v0/add`, { method: 'POST', body: form }).catch(() => undefined)
  if (answer === undefined) return 'cut off'
  const said = await answer.text().catch(error => String(error))
  assert.not.ok(answer.ok && said.includes('"Hash"') && !said.includes('"Type":"error"'), `acknowledged: ${said}`)
  return said
}

try {
  await served()
  // As ext4 does by itself when it finds an error: open files stay open, and every write fails from now on.
  writeFileSync(`/sys/fs/ext4/${device}/trigger_fs_error`, 'test of Cairn')
  await refusedAdd()
  await served()
  const pin = await fetch(`${daemon.api}/api/v0/pin/rm?arg=${small}`, { method: 'POST' })
  assert.not.ok(pin.ok, 'an unpin that cannot be written is not acknowledged')
  const ready = await fetch(`${daemon.api}/readyz`)
  const why = await ready.text()
  assert.is(ready.status, 503, why)
  await served()
  await refusedAdd()
} finally {
  await daemon.stop()
}
// Cold: nobody has it open, and it cannot be written.
assert.is(await cairnOk(['cat', small], { repo }), 'small')
const refused = await cairn(['add', '-Q'], { repo, input: 'more' })
assert.is(refused.code, 8, refused.stderr)
console.log(
  '» read-only: a disk that turned read-only under a daemon: adds and unpins refused, readyz 503, 3 reads whole; cold: read, add refused with exit 8',
)
