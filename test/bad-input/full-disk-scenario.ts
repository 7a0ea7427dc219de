// What full-disk.test.ts does inside its mount name space. Argument: a folder on a disk of 64 MiB.

import { closeSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { cairn, cairnOk, startDaemon } from '../support/cairn.ts'
import { randomBytes } from '../support/files.ts'
import { assertSound, refused } from './support.ts'

const [disk = ''] = process.argv.slice(2)
const MiB = 1024 * 1024
const repo = join(disk, 'repo')
const next = randomBytes(5)
const small = next(3 * MiB)
const large = next(60 * MiB)
const full = { repo, code: 8, says: [/the disk (is full|has no room)|no space left/], hint: 'free the disk' }

/** Every byte that the disk has left. */
function fill(): void {
  const fd = openSync(join(disk, 'filler'), 'w')
  for (let piece = new Uint8Array(MiB); piece.byteLength >= 1; ) {
    try {
      writeSync(fd, piece)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      piece = piece.subarray(0, piece.byteLength >> 1)
    }
  }
  closeSync(fd)
}

async function assertKept(root: string): Promise<void> {
  const { code, stdout, stderr } = await cairn(['dag', 'stat', root], { repo })
  assert.is(code, 0, stdout + stderr)
  assert.match(await cairnOk(['pin', 'ls'], { repo }), `${root} recursive`)
  await assertSound(repo)
}

const root = await cairnOk(['add', '-Q'], { repo, input: small })
const other = await cairnOk(['add', '-Q'], { repo, input: 'to be unpinned' })

// Too much for the disk, by each door that writes.
await refused(['add', '-Q'], { ...full, input: large })
await assertKept(root)
const daemon = await startDaemon({ repo })
try {
  const body = new FormData()
  body.append('file', new Blob([new Uint8Array(large)]), 'large')
  const answer = await fetch(`${daemon.api}/api/v0/add`, { method: 'POST', body })
  const said = await answer.text().catch(error => String(error))
  assert.not.ok(answer.ok && said.includes('"Hash"'), said)
  const served = await fetch(`${daemon.gateway}/ipfs/${root}`)
  assert.ok(Buffer.from(await served.arrayBuffer()).equals(small))
} finally {
  await daemon.stop()
}
await assertKept(root)

// Not one byte left: what is there is read; what opening cleans up may be written once more, then nothing.
fill()
assert.is(Number(statfsSync(disk).bavail), 0)
await assertKept(root)
const added: string[] = []
for (let isFull = false; !isFull; ) {
  const ran = await cairn(['add', '-Q'], { repo, input: next(6 * MiB) })
  if (ran.code === 0) added.push(ran.stdout.trim())
  isFull = ran.code !== 0
  assert.ok(added.length < 64, 'a disk of 64 MiB took more')
}
await refused(['add', '-Q'], { ...full, input: next(6 * MiB) })
const roots = [...added]
// What the refused ones gave back may be room for a block or two.
for (let isFull = false; !isFull; ) {
  const ran = await cairn(['block', 'put'], { repo, input: next(1.5 * MiB) })
  if (ran.code === 0) added.push(ran.stdout.trim())
  isFull = ran.code !== 0
  assert.ok(added.length < 64, 'a disk of 64 MiB took more')
}
await refused(['block', 'put'], { ...full, input: next(1.5 * MiB) })
for (const cid of [root, ...added]) await cairnOk(['dag', 'stat', cid], { repo })
await assertKept(root)
const reading = await startDaemon({ repo })
const served = await fetch(`${reading.gateway}/ipfs/${root}`)
assert.ok(Buffer.from(await served.arrayBuffer()).equals(small))
await reading.stop()

// What is not wanted can go, on the full disk; what it leaves is room for something else.
rmSync(join(disk, 'filler'))
fill()
for (const cid of [other, ...roots]) await cairnOk(['pin', 'rm', cid], { repo })
await cairnOk(['gc', '--config', 'store.grace=0s'], { repo })
await assertKept(root)
rmSync(join(disk, 'filler'))
assert.is((await cairn(['cat', other], { repo })).code, 4)
await cairnOk(['add', '-Q'], { repo, input: next(4 * MiB) })
await assertKept(root)
console.log('all is well')
