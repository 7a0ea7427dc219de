import { crc32, inflateRawSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { writeZip, type ZipEntry } from '../../src/dag/export/zip.ts'
import { isCairnError } from '../../src/errors.ts'

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
}

const mtime = { secs: 1_600_000_000n, nsecs: 0 }

const file = (path: string[], bytes: Uint8Array, more: Partial<ZipEntry> = {}): ZipEntry => ({
  path,
  kind: 'file',
  sizeBytes: bytes.byteLength,
  content: each(chunksOf(bytes)),
  mtime,
  ...more,
})

/** Of odd lengths, so that no chunk ends where a block does. */
const chunksOf = (bytes: Uint8Array): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / 50_001) }, (_, at) => bytes.subarray(at * 50_001, (at + 1) * 50_001))

async function zip(entries: readonly ZipEntry[]): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of writeZip(each(entries))) pieces.push(Uint8Array.from(piece))
  return Buffer.concat(pieces)
}

interface Unpacked {
  readonly bytes: Buffer
  readonly mode: number
  readonly secs: number | undefined
}

/** A reader of its own, by the directory at the end (APPNOTE 4.3); what the two heads of an entry share must agree. */
function unzip(archive: Buffer): Map<string, Unpacked> {
  const end = archive.length - 22
  assert.is(archive.readUInt32LE(end), 0x06054b50)
  const found = new Map<string, Unpacked>()
  let at = archive.readUInt32LE(end + 16)
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    assert.is(archive.readUInt32LE(at), 0x02014b50)
    const [method, crc, packed, size] = [
      archive.readUInt16LE(at + 10),
      ...[16, 20, 24].map(o => archive.readUInt32LE(at + o)),
    ] as [number, number, number, number]
    const nameLength = archive.readUInt16LE(at + 28)
    const extraLength = archive.readUInt16LE(at + 30)
    const name = archive.toString('utf8', at + 46, at + 46 + nameLength)
    const extra = archive.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength)
    const local = archive.readUInt32LE(at + 42)
    assert.is(archive.readUInt32LE(local), 0x04034b50, name)
    assert.equal(archive.subarray(local + 6, local + 14), archive.subarray(at + 8, at + 16), 'flags, method and time')
    const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28)
    const data = archive.subarray(start, start + packed)
    const bytes = method === 8 ? inflateRawSync(data) : Buffer.from(data)
    assert.is(bytes.length, size)
    assert.is(crc32(bytes), crc)
    if ((archive.readUInt16LE(at + 8) & 8) !== 0) {
      const behind = archive.subarray(start + packed)
      assert.equal(
        [0, 4, 8, 12].map(o => behind.readUInt32LE(o)),
        [0x08074b50, crc, packed, size],
      )
    }
    assert.not(found.has(name))
    found.set(name, {
      bytes,
      mode: archive.readUInt32LE(at + 38) >>> 16,
      secs: extra.length === 9 ? extra.readInt32LE(5) : undefined,
    })
    at += 46 + nameLength + extraLength
  }
  assert.is(at, end)
  return found
}

test('files of every size around a block come back whole, with folders, links, modes, times and names of any script', async () => {
  const sizes = [0, 1, 65_534, 65_535, 65_536, 131_070, 131_071, 300_000]
  const files = sizes.map(size => ({ name: `f${size}`, bytes: Buffer.alloc(size, `${size}.`) }))
  const found = unzip(
    await zip([
      { path: ['root'], kind: 'directory', sizeBytes: 0, mtime, mode: 0o700 },
      ...files.map(({ name, bytes }) => file(['root', name], bytes)),
      file(['root', 'Zähltag – 夏.txt'], Buffer.from('x'), { mode: 0o755, mtime: { secs: 0n, nsecs: 0 } }),
      { path: ['root', 'soft'], kind: 'symlink', sizeBytes: 0, target: 'f1', mtime },
    ]),
  )
  assert.is(found.size, sizes.length + 3)
  for (const { name, bytes } of files) assert.ok(found.get(`root/${name}`)?.bytes.equals(bytes), name)
  assert.equal(found.get('root/'), { bytes: Buffer.alloc(0), mode: 0o040700, secs: 1_600_000_000 })
  assert.equal(found.get('root/Zähltag – 夏.txt'), { bytes: Buffer.from('x'), mode: 0o100755, secs: undefined })
  assert.equal(found.get('root/soft'), { bytes: Buffer.from('f1'), mode: 0o120777, secs: 1_600_000_000 })
})

test('an archive of nothing is an archive', async () => {
  assert.is(unzip(await zip([])).size, 0)
})

test('more entries than sixteen bits can count', async () => {
  const archive = await zip(Array.from({ length: 65_536 }, (_, at) => file([`f${at}`], Buffer.alloc(0))))
  const end = archive.length - 22 - 20 - 56
  assert.is(archive.readUInt32LE(end), 0x06064b50)
  assert.is(archive.readBigUInt64LE(end + 32), 65_536n)
  assert.is(archive.readBigUInt64LE(end + 40) + archive.readBigUInt64LE(end + 48), BigInt(end), 'it ends where it says')
  assert.is(archive.readBigUInt64LE(archive.length - 22 - 20 + 8), BigInt(end))
  assert.is(archive.readUInt16LE(archive.length - 22 + 10), 0xffff)
})

test('a file of more than four gigabytes says so in 64 bits, before and behind its bytes', async () => {
  const sizeBytes = 2 ** 32 + 5
  const chunk = Buffer.alloc(2 ** 24)
  async function* content() {
    for (let left = sizeBytes; left > 0; left -= chunk.length) yield chunk.subarray(0, left)
  }
  let total = 0
  let head: Uint8Array | undefined
  let tail = Buffer.alloc(0)
  for await (const piece of writeZip(each([file(['large'], Buffer.alloc(0), { sizeBytes, content: content() })]))) {
    head ??= Uint8Array.from(piece)
    total += piece.byteLength
    tail = Buffer.concat([tail, piece.byteLength > 200 ? piece.subarray(-200) : piece]).subarray(-400)
  }
  const packed = sizeBytes + 5 * Math.ceil(sizeBytes / 65_535)
  assert.is(Buffer.from(head ?? []).readUInt16LE(4), 45)
  const record = tail.indexOf(Buffer.from([0x50, 0x4b, 1, 2]))
  assert.is(tail.readBigUInt64LE(record - 8), BigInt(sizeBytes))
  assert.is(tail.readBigUInt64LE(record - 16), BigInt(packed))
  assert.is(tail.readUInt32LE(record + 24), 0xffffffff)
  assert.is(tail.readBigUInt64LE(record + 46 + 5 + 4), BigInt(sizeBytes))
  assert.is(tail.readBigUInt64LE(record + 46 + 5 + 12), BigInt(packed))
  assert.ok(total > packed)
})

test('content of another length than announced ends in an error, not in an archive', async () => {
  for (const bytes of [Buffer.alloc(9), Buffer.alloc(11), Buffer.alloc(0)]) {
    const error = await zip([file(['f'], bytes, { sizeBytes: 10 })]).catch((thrown: unknown) => thrown)
    assert.ok(isCairnError(error, 'BAD_BLOCK'), `${bytes.length}`)
  }
})

test('names that would be unpacked elsewhere are refused', async () => {
  for (const name of ['..', '.', '', 'a/b', 'a\0b']) {
    const error = await zip([file(['root', name], Buffer.from('x'))]).catch((thrown: unknown) => thrown)
    assert.ok(isCairnError(error, 'UNSAFE_NAME'), JSON.stringify(name))
  }
})

test.run()
