import { randomBytes } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ReadAhead } from '../../src/store/read/read-ahead.ts'
import { KiB } from '../../src/units.ts'

/** Packs in memory, in place of descriptors: what is asked of the disk is written down. */
function fakeDisk(packs: readonly Uint8Array[]) {
  const asked: number[] = []
  const readSome = async (pack: number, at: number, into: Uint8Array, sizeBytes: number) => {
    asked.push(sizeBytes)
    await setImmediate()
    const bytes = (packs[pack - 1] as Uint8Array).subarray(at, at + sizeBytes)
    into.set(bytes)
    return bytes.byteLength
  }
  const read = async (pack: number, at: number, into: Uint8Array, sizeBytes: number) =>
    (await readSome(pack, at, into, sizeBytes)) === sizeBytes
  return { asked, packs: { read, readSome } }
}

test('blocks in a row are read in few reads, each with its own bytes', async () => {
  const bytes = randomBytes(4_000_000)
  const { asked, packs } = fakeDisk([bytes])
  const ahead = new ReadAhead(packs)
  const sizeBytes = 8_000
  let fromMemory = 0
  for (let at = 0; at + sizeBytes < bytes.byteLength; at += sizeBytes + 60) {
    const atHand = ahead.lend(1, at, sizeBytes)?.bytes
    const into = new Uint8Array(64 * KiB)
    if (atHand !== undefined) fromMemory++
    else assert.ok(await ahead.read(1, at, into, sizeBytes))
    assert.equal(Buffer.from(atHand ?? into.subarray(0, sizeBytes)), bytes.subarray(at, at + sizeBytes))
  }
  assert.ok(asked.length < 20, `${asked.length} reads`)
  assert.ok(fromMemory > 450, `${fromMemory} from memory`)
})

test('reads of any order, size and number at once give what the pack holds, or say that it ends before', async () => {
  const bytes = [randomBytes(700_000), randomBytes(300_000)]
  const ahead = new ReadAhead(fakeDisk(bytes).packs)
  const cursors = Array.from({ length: 40 }, () => ({ pack: 1, at: 0 }))
  const one = async (cursor: { pack: number; at: number }) => {
    const whole = bytes[cursor.pack - 1] as Uint8Array
    const sizeBytes = Math.floor(Math.random() ** 3 * 40 * KiB)
    const into = new Uint8Array(64 * KiB)
    const atHand = ahead.lend(cursor.pack, cursor.at, sizeBytes)?.bytes.slice()
    const isWhole = atHand !== undefined || (await ahead.read(cursor.pack, cursor.at, into, sizeBytes))
    assert.is(isWhole, cursor.at + sizeBytes <= whole.byteLength)
    if (isWhole)
      assert.equal(Buffer.from(atHand ?? into.subarray(0, sizeBytes)), whole.subarray(cursor.at, cursor.at + sizeBytes))
    cursor.at += sizeBytes + Math.floor(Math.random() * 100)
    if (Math.random() < 0.05)
      Object.assign(cursor, { pack: 1 + Math.floor(Math.random() * 2), at: Math.floor(Math.random() * 300_000) })
    if (cursor.at > (bytes[cursor.pack - 1] as Uint8Array).byteLength) cursor.at = 0
  }
  for (let round = 0; round < 100; round++) await Promise.all(cursors.map(one))
})

test('what is forgotten is read again', async () => {
  const bytes = randomBytes(500_000)
  const { packs } = fakeDisk([bytes])
  const ahead = new ReadAhead(packs)
  const into = new Uint8Array(1000)
  for (let at = 0; at < 10_000; at += 1000) await ahead.read(1, at, into, 1000)
  bytes.fill(7, 10_000, 11_000)
  await ahead.read(1, 10_000, into, 1000)
  assert.not.equal(into, new Uint8Array(1000).fill(7))
  ahead.forget(1, 10_000)
  assert.is(ahead.lend(1, 10_000, 1000), undefined)
  await ahead.read(1, 10_000, into, 1000)
  assert.equal(into, new Uint8Array(1000).fill(7))
})

test.run()
