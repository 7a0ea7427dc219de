import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Out } from '../../cli/io.ts'
import { createProgress } from '../../cli/progress.ts'
import { progressLine } from '../../cli/view/progress.ts'

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

test.run()
