import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { formatContentPath, parseContentPath } from '../../src/dag/path.ts'
import { isCairnError } from '../../src/errors.ts'

const V1 = 'bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4'
const V0 = 'QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o'

const GOOD: readonly [string, string, readonly string[]][] = [
  [V1, V1, []],
  [V0, V0, []],
  [`/ipfs/${V1}`, V1, []],
  [`/ipfs/${V1}/`, V1, []],
  [`/ipfs/${V0}/a/b`, V0, ['a', 'b']],
  [`${V0}/a//b/`, V0, ['a', 'b']],
  [`/ipfs/${V1}/a b/50%25/ü`, V1, ['a b', '50%25', 'ü']],
  [`ipfs://${V1}`, V1, []],
  [`ipfs://${V1}/a%20b/50%2525`, V1, ['a b', '50%25']],
  [`IPFS://${V1}/a?x=1#y`, V1, ['a']],
  [`ipfs:${V1}/a%2Fb`, V1, ['a/b']],
  [`/ipfs/${V1}/a/./b/../c`, V1, ['a', 'c']],
  [`ipfs://${V1}/a/%2e%2e/b`, V1, ['b']],
  [`/ipfs/${V1}/a+b`, V1, ['a+b']],
  [`/ipfs/${V1}/...`, V1, ['...']],
]

const BAD: readonly [string, string, RegExp][] = [
  ['', 'BAD_PATH', /neither/],
  ['/', 'BAD_PATH', /neither/],
  ['/ipfs/', 'BAD_PATH', /names no CID/],
  ['/ipfs', 'BAD_PATH', /names no CID/],
  ['ipfs://', 'BAD_PATH', /names no CID/],
  ['/other/x', 'BAD_PATH', /neither/],
  ['/ipfs/QmInvalidCID', 'BAD_CID', /invalid path "\/ipfs\/QmInvalidCID"/],
  ['hello', 'BAD_CID', /"hello" is not a CID/],
  [`/ipfs/${V1}/..`, 'BAD_PATH', /leads out/],
  [`/ipfs/${V1}/a/../../b`, 'BAD_PATH', /leads out/],
  [`ipfs://${V1}/%2e%2e`, 'BAD_PATH', /leads out/],
  [`ipfs://${V1}/%zz`, 'BAD_PATH', /percent/],
  [`ipfs://${V1}/%ff`, 'BAD_PATH', /percent/],
  ['/ipns/example.org', 'BAD_PATH', /IPNS/],
  ['ipns://example.org/a', 'BAD_PATH', /IPNS/],
  [`/ipfs/${V1}${'/a'.repeat(1025)}`, 'LIMIT', /1025/],
  [`/ipfs/${V1}/${'a'.repeat(9000)}`, 'LIMIT', /content path/],
  ['\u001b[2J', 'BAD_CID', /"\\x1b\[2J"/],
]

test('content paths in every form', () => {
  for (const [text, root, segments] of GOOD) {
    const path = parseContentPath(text)
    assert.is(path.root.toString(), root, text)
    assert.equal(path.segments, segments, text)
  }
})

test('what is no content path says why', () => {
  for (const [text, code, message] of BAD) {
    try {
      parseContentPath(text)
    } catch (error) {
      assert.ok(isCairnError(error), text)
      assert.is(error.code, code, text)
      assert.match(error.message, message)
      continue
    }
    assert.unreachable(text)
  }
})

test('a formatted path reads back as itself', () => {
  for (const [text] of GOOD) {
    const path = parseContentPath(text)
    if (path.segments.some(segment => segment.includes('/'))) continue
    assert.equal(parseContentPath(formatContentPath(path)).segments, path.segments)
  }
})

test.run()
