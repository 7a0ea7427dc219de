import { fork } from 'node:child_process'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkRepo } from '../../src/store/check/check.ts'
import { packFile } from '../../src/store/paths.ts'
import { collect, findings } from '../pins/support.ts'
import { FILE, filled, flip, INLINE, mhOf, PACKED, placeOf, sql } from '../store/check-support.ts'
import { assertReadable, openAt, WAIT } from '../store/support.ts'

test('a repair beside a process that adds, unpins and collects mends what is wrong, and touches nothing else', async () => {
  const first = await filled()
  await first[Symbol.asyncDispose]()
  cpSync(first.path, `${first.path}-copy`, { recursive: true })
  await using copy = await openAt(`${first.path}-copy`)
  await using store = await openAt(first.path)
  const writer = fork(join(import.meta.dirname, '../store/busy-writer.ts'), [store.path])
  let rounds = 0
  writer.on('message', message => {
    rounds = Number(message)
  })
  const ended = new Promise<number | null>(resolve => writer.once('exit', resolve))
  const sources = [(_root: unknown, cid: typeof FILE.cid, wait: typeof WAIT) => copy.get(cid, wait)]
  let repairs = 0
  for (; (repairs < 4 || rounds < 4) && repairs < 60; repairs++) {
    const packed = placeOf(store, mhOf(PACKED.blocks[3]!))
    if (packed.pack > 0) flip(packFile(store.path, packed.pack), packed.at + 5)
    await sql(store, "UPDATE counters SET value = value + 5 WHERE name = 'inline_bytes'")
    const events = await collect(checkRepo({ path: store.path, store, readData: true, repair: { sources }, ...WAIT }))
    const left = events.flatMap(event =>
      event.type === 'finding' && event.finding.severity === 'error' && event.finding.repaired !== true
        ? [`${event.finding.kind}: ${event.finding.what}: ${event.finding.how}`]
        : [],
    )
    assert.equal(left, [], `repair ${repairs}, round ${rounds}`)
  }
  writer.send('stop')
  assert.is(await ended, 0, 'the writer met nothing that it did not expect')
  await assertReadable(store, [FILE, ...PACKED.blocks, ...INLINE.blocks])
  assert.equal(
    (await findings(store)).filter(kind => kind.startsWith('error')),
    [],
  )
  console.log(`\n» repair beside a writer: ${repairs} repairs during ${rounds} rounds of adds, unpins and collections`)
})

test.run()
