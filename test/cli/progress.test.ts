import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createAddMeter } from '../../cli/add-meter.ts'
import { countInput } from '../../cli/input-size.ts'
import type { Out } from '../../cli/io.ts'
import { createProgress } from '../../cli/progress.ts'
import { progressLine } from '../../cli/view/progress.ts'
import { parseCid } from '../../src/block/cid.ts'

const MiB = 1024 * 1024

const outTo = (write: (text: string) => void): Out => ({
  isTerminal: true,
  columns: 80,
  write,
  writeBytes: async () => {},
  flush: async () => {},
  style: (_style, plain) => plain,
})

test('one line: how much, share, rate, what is left, what is at hand', () => {
  const state = { label: 'adding', done: 25 * MiB, total: 100 * MiB, perSecond: 25 * MiB, note: 'a/b.txt' }
  assert.is(progressLine(state, 100), 'adding  25 MiB of 100 MiB  25 %  25 MiB/s  3.0 s left  a/b.txt')
  assert.is(progressLine({ label: 'pinning', done: 512, perSecond: 0 }, 100), 'pinning  512 B')
  assert.is(
    progressLine({ label: 'checking', done: 5, total: 10, unit: 'blocks', perSecond: 5 }, 100),
    'checking  5 of 10 blocks  50 %  5/s  1.0 s left',
  )
})

test('it never wraps: the note is cut at its front, then left out, then the line is cut', () => {
  const state = { label: 'adding', done: MiB, perSecond: MiB, note: `${'x'.repeat(200)}/end.txt` }
  for (const columns of [120, 80, 40, 30, 10, 1]) assert.ok(progressLine(state, columns).length < Math.max(columns, 1))
  assert.match(progressLine(state, 60), /…x+\/end\.txt$/)
})

test('drawn ten times a second at most, not at all at first, and taken away at the end', () => {
  let at = 0
  let text = ''
  const out = outTo((more: string) => {
    text += more
  })
  const progress = createProgress({ out, label: 'adding', enabled: true, now: () => at })
  for (; at < 1000; at += 10) progress.update({ done: at * 1000, total: 1_000_000, note: 'evil\u001b[31m' })
  assert.is(text.match(/adding/g)?.length, 7)
  assert.not.ok(text.includes('\u001b[31m'))
  progress.clear()
  assert.ok(text.endsWith('\r\u001b[K'))
  const drawn = text
  progress[Symbol.dispose]()
  assert.is(text, drawn)
})

test('the rate is that of the last five seconds', () => {
  let at = 0
  let last = ''
  const out = outTo((more: string) => {
    last = more
  })
  const progress = createProgress({ out, label: 'x', enabled: true, now: () => at })
  let done = 0
  for (; at <= 20_000; at += 100) {
    done += at < 10_000 ? 100 * MiB : MiB / 10
    progress.update({ done })
  }
  assert.match(last, / 1\.0 MiB\/s/)
})

test('nothing is drawn where it is not wanted', () => {
  let at = 0
  const out = outTo(() => assert.unreachable())
  const progress = createProgress({ out, label: 'x', enabled: false, now: () => at })
  for (; at < 1000; at += 10) progress.update({ done: at })
  progress.clear()
  assert.is(at, 1000)
})

test('the bytes of an add: each file once, whether it tells on the way or not, folders not again', () => {
  const meter = createAddMeter()
  const cid = parseCid('bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am')
  const added = (name: string, totalBytes: number) => meter.take({ type: 'added', name, cid, totalBytes })
  added('in/a', 10)
  meter.take({ type: 'progress', name: 'in/deep/b', bytes: 100 })
  meter.take({ type: 'progress', name: 'in/deep/b', bytes: 250 })
  assert.is(meter.done, 260)
  added('in/deep/b', 255)
  meter.take({ type: 'progress', name: 'in/deep/c', bytes: 100 })
  added('in/deep/c', 100)
  added('in/z', 1)
  added('in/deep', 360)
  added('in', 400)
  added('', 400)
  assert.is(meter.done, 361)
})

test('the size of the input is counted at once if it is small, in slices if not, and not at all for stdin', () => {
  const folder = mkdtempSync(join(tmpdir(), 'count-'))
  for (let i = 0; i < 200; i++) writeFileSync(join(folder, `f${i}`), 'ten bytes!')
  writeFileSync(join(folder, '.hidden'), 'ten bytes!')
  const count = (hidden: boolean) => countInput([folder], { enabled: true, hidden, now: () => 0 }).bytes
  assert.is(count(false), 2000)
  assert.is(count(true), 2010)
  let at = 0
  // Every look at the clock takes as long as the first slice may.
  const slow = countInput([folder], { enabled: true, hidden: false, now: () => (at += 150) })
  assert.is(slow.bytes, undefined)
  for (let i = 0; i < 10; i++) slow.step()
  assert.is(slow.bytes, 2000)
  assert.is(countInput([folder, '-'], { enabled: true, hidden: false }).bytes, undefined)
  assert.is(countInput([folder], { enabled: false, hidden: false }).bytes, undefined)
  assert.is(countInput([join(folder, 'none')], { enabled: true, hidden: false }).bytes, undefined)
})

test.run()
