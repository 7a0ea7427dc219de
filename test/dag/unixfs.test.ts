import { UnixFS } from 'ipfs-unixfs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseUnixfs } from '../../src/dag/unixfs/unixfs.ts'
import { isCairnError } from '../../src/errors.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

test('as the library writes it', () => {
  const file = new UnixFS({ type: 'file', data: Buffer.from('abc'), mode: 0o640, mtime: { secs: -5n, nsecs: 9 } })
  file.addBlockSize(1000n)
  file.addBlockSize(2n ** 40n)
  const { data, ...rest } = parseUnixfs(file.marshal())
  assert.is(Buffer.from(data).toString(), 'abc')
  assert.equal(rest, {
    type: 'file',
    sizeBytes: 3 + 1000 + 2 ** 40,
    blockSizes: [1000, 2 ** 40],
    hashType: 0,
    fanout: 0,
    mode: 0o640,
    mtime: { secs: -5n, nsecs: 9 },
  })
  const shard = parseUnixfs(new UnixFS({ type: 'hamt-sharded-directory', fanout: 256n, hashType: 0x22n }).marshal())
  assert.equal([shard.type, shard.fanout, shard.hashType], ['shard', 256, 0x22])
  assert.is(Buffer.from(parseUnixfs(hex('0804 1203 2e2e2f')).data).toString(), '../')
})

test('what is unsound is refused', () => {
  const bad: Record<string, string> = {
    'no type': '1200',
    nothing: '',
    'type 6': '0806',
    'type twice': '0802 0802',
    'data twice': '0802 1200 1200',
    'wrong size': '0802 1801',
    'a size beyond exact numbers': '0802 20 ffffffffffffff7f',
    'cut inside a field': '0802 1205 61',
    'a group': '0802 4b 4c',
    'type as bytes': '0a0102',
    'size as fixed': '0802 1d 00000000',
    'data as number': '0802 1001',
  }
  for (const [name, bytes] of Object.entries(bad)) {
    try {
      parseUnixfs(hex(bytes))
    } catch (error) {
      assert.ok(isCairnError(error, 'BAD_BLOCK'), name)
      continue
    }
    assert.unreachable(name)
  }
})

test('odd metadata is dropped or cut to what it may be', () => {
  const of = (bytes: string) => parseUnixfs(hex(`0802 ${bytes}`))
  assert.is(of('38 ed13').mode, 0o4755)
  assert.is(of('38 ffffffff0f').mode, 0o7777)
  assert.is(of('38 ffffffffffffffffff01').mode, undefined)
  assert.equal(of('42 02 0805').mtime, { secs: 5n, nsecs: 0 })
  assert.equal(of('42 07 0805 15 01000000').mtime, { secs: 5n, nsecs: 1 })
  for (const [name, bytes] of Object.entries({
    'no seconds': '42 05 15 01000000',
    'a second of nanoseconds': '42 07 0805 15 00ca9a3b',
    'year 10000': '42 07 08 8083d1ffaf07',
    'before year 1': '42 0b 08 ff91b8c398feffffff01',
  })) {
    assert.is(of(bytes).mtime, undefined, name)
  }
  assert.is(of('20 00 78 05').blockSizes.length, 1, 'fields of a later UnixFS are passed over')
  assert.equal(of('2202 0102').blockSizes, [1, 2], 'packed form')
})

test.run()
