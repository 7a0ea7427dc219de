import { randomBytes } from 'node:crypto'
import { CID } from 'multiformats/cid'
import { create, decode } from 'multiformats/hashes/digest'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rawCidText } from '../../src/block/base32-text.ts'
import { RAW } from '../../src/block/cid.ts'

test('digests of every length and hash have the text that multiformats gives them', () => {
  for (const code of [0x00, 0x11, 0x12, 0x13, 0x1e, 0xb220]) {
    for (let length = 0; length <= 128; length++) {
      const { bytes } = create(code, randomBytes(length))
      assert.is(rawCidText(bytes), CID.createV1(RAW, decode(bytes)).toString())
    }
  }
})

test.run()
