import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { disposition } from '../../gateway/content/disposition.ts'
import { decodeSegment, encodePath, encodeSegment } from '../../gateway/content/names.ts'
import { parseRoot, parseSegments, splitTarget } from '../../gateway/content/request.ts'
import { locationOfInput, locationOfUri } from '../../gateway/content/uri.ts'
import { bytesOfName, escapeName, textOfName } from '../../src/dag/names.ts'
import { isCairnError } from '../../src/errors.ts'

const CID = 'bafkreidrysan7e6wvyxr56wrir6gnskslyyweggpkh6i3hwyglznv4mlom'

const fails = (
  code: 'BAD_PATH' | 'BAD_CID' | 'BAD_REQUEST' | 'UNSUPPORTED_HASH' | 'URI_TOO_LONG',
  run: () => unknown,
) => {
  try {
    run()
  } catch (error) {
    assert.ok(isCairnError(error, code), String(error))
    return error.message
  }
  assert.unreachable(`no ${code}`)
  return ''
}

test('a segment is decoded once, and encoded with upper-case hex', () => {
  assert.is(
    decodeSegment('Portugal%252C+Espa%C3%B1a=Peninsula%20Ib%C3%A9rica.txt'),
    'Portugal%2C+España=Peninsula Ibérica.txt',
  )
  assert.is(
    encodeSegment('Portugal%2C+España=Peninsula Ibérica.txt'),
    'Portugal%252C+Espa%C3%B1a=Peninsula%20Ib%C3%A9rica.txt',
  )
  assert.is(encodeSegment('a#b?c"<>/\\'), 'a%23b%3Fc%22%3C%3E%2F%5C')
  assert.is(encodeSegment("$&+=:@-._~!'()*,;"), '$&+=:@-._~%21%27%28%29%2A%2C%3B')
  assert.is(encodeSegment('\ud800'), '%EF%BF%BD')
  assert.is(encodePath(['ą', 'ę']), '/%C4%85/%C4%99')
  for (const raw of ['%zz', 'a%2', '100%']) fails('BAD_PATH', () => decodeSegment(raw))
})

test('names are bytes: what is no UTF-8 comes out of a URL and goes into one as it was', () => {
  const names = [
    'ff fe',
    'c0 ae',
    'ed a0 80',
    'ed b2 80',
    'c3 a9 e9',
    'ef bf bd',
    '6c e9 2e 74',
    'f0 9f 98 80 f0 9f',
    'e2 82',
  ]
  for (const hex of names) {
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex')
    const name = textOfName(bytes)
    assert.equal(Buffer.from(bytesOfName(name)), bytes, hex)
    assert.is(decodeSegment(encodeSegment(name)), name, hex)
    assert.is(decodeSegment(`%${hex.replaceAll(' ', '%')}`), name, hex)
    assert.ok(escapeName(name).isWellFormed())
  }
  assert.not.ok(['.', '..', '/'].includes(decodeSegment('%c0%ae')), 'no overlong dot')
})

test('paths: empty segments and dots go, `..` stays inside the root', () => {
  assert.equal(parseSegments('/a//b/./c'), { names: ['a', 'b', 'c'], hasSlash: false })
  assert.equal(parseSegments('/a/'), { names: ['a'], hasSlash: true })
  assert.equal(parseSegments('/a/b/..'), { names: ['a'], hasSlash: true })
  assert.equal(parseSegments('/a/%2e%2e/b'), { names: ['b'], hasSlash: false })
  assert.equal(parseSegments('/a%2Fb'), { names: ['a/b'], hasSlash: false })
  assert.equal(parseSegments('/...'), { names: ['...'], hasSlash: false })
  for (const path of ['/..', '/a/../..', '/%2e%2e/x', '/.%2e']) fails('BAD_PATH', () => parseSegments(path))
})

test('paths that are too long, or too deep, are refused before anything is looked up', () => {
  fails('URI_TOO_LONG', () => parseSegments(`/${'a'.repeat(8192)}`))
  fails('URI_TOO_LONG', () => parseSegments('/a'.repeat(1025)))
  assert.is(parseSegments('/a'.repeat(256)).names.length, 256)
})

test('targets are cut at the first question mark, and may name their host', () => {
  assert.equal(splitTarget('/a?b?c'), { path: '/a', query: 'b?c' })
  assert.equal(splitTarget('/a?'), { path: '/a', query: '' })
  assert.equal(splitTarget('http://h:1/a/b?c'), { path: '/a/b', query: 'c', authority: 'h:1' })
  assert.equal(splitTarget('http://h'), { path: '/', query: '', authority: 'h' })
  assert.equal(splitTarget('HTTP://h?x'), { path: '/', query: 'x', authority: 'h' })
  assert.equal(splitTarget('*'), { path: '*', query: '' })
})

test('roots in every base are one CID; what is none names the whole path', () => {
  for (const text of [
    CID,
    'zb2rheJP3xD9A3QycUsb33BxCzHXitBNQtZgffiZpoRJjHABk',
    'f0155122071c480df93d6ae2f1efad1447c66c9525e316218cf51fc8d9ed832f2daf18b73',
    'uAVUSIHHEgN-T1q4vHvrRRHxmyVJeMWIYz1H8jZ7YMvLa8Ytz',
  ]) {
    assert.is(String(parseRoot(text)), CID)
  }
  assert.match(
    fails('BAD_CID', () => parseRoot('QmInvalidCID', '/x')),
    'invalid path "/ipfs/QmInvalidCID/x"',
  )
  fails('BAD_CID', () => parseRoot(`${CID}=`))
  fails('BAD_CID', () => parseRoot(''))
  fails('UNSUPPORTED_HASH', () => parseRoot('bafkrebdrysan6'))
})

test('identity CIDs of more than 128 bytes are refused', () => {
  fails('BAD_CID', () => parseRoot(`f015500${'8101'}${'61'.repeat(129)}`))
})

test('ipfs:// addresses become paths; nothing else does', () => {
  assert.is(locationOfUri(`ipfs://${CID}/a/b`), `/ipfs/${CID}/a/b`)
  assert.is(locationOfUri(`IPFS://${CID}`), `/ipfs/${CID}`)
  assert.is(locationOfUri(`ipfs://${CID}/a?x=1&y=%20#frag`), `/ipfs/${CID}/a?x=1&y=%20`)
  assert.is(locationOfUri(`ipfs://${CID}/ä ö/`), `/ipfs/${CID}/%C3%A4%20%C3%B6/`)
  assert.is(locationOfUri('ipns://site.example/docs'), '/ipns/site.example/docs')
  for (const uri of ['http://example.com/x', 'javascript:alert(1)', CID, '', 'ipfs:']) {
    try {
      locationOfUri(uri)
      assert.unreachable(uri)
    } catch (error) {
      assert.ok(isCairnError(error, 'BAD_REQUEST') || isCairnError(error, 'BAD_CID'))
    }
  }
  fails('BAD_CID', () => locationOfUri('ipfs://../../x'))
  fails('BAD_CID', () => locationOfUri('ipfs:////evil.example/x'))
  fails('BAD_PATH', () => locationOfUri('ipns://../x'))
})

test('what people paste is understood', () => {
  for (const input of [
    CID,
    `  ${CID}  `,
    `/ipfs/${CID}`,
    `ipfs/${CID}`,
    `ipfs://${CID}`,
    `https://ipfs.io/ipfs/${CID}`,
    `http://localhost:8080/ipfs/${CID}`,
    `https://${CID}.ipfs.dweb.link`,
  ]) {
    assert.is(locationOfInput(input), `/ipfs/${CID}`, input)
  }
  assert.throws(() => locationOfInput('https://example.com/a'), /has no \/ipfs\/CID or \/ipns\/NAME in it/)
  assert.is(locationOfInput(`${CID}/a b?x`), `/ipfs/${CID}/a%20b?x`)
  assert.is(locationOfInput(`https://${CID}.ipfs.dweb.link/a/?x=1`), `/ipfs/${CID}/a/?x=1`)
  for (const input of ['hello', '//evil.example', 'https://evil.example/', '/etc/passwd']) {
    fails('BAD_CID', () => locationOfInput(input))
  }
})

test('a location never holds a line break', () => {
  assert.is(locationOfInput(`${CID}/a\r\nX-Evil: 1`), `/ipfs/${CID}/a%0D%0AX-Evil:%201`)
  assert.is(locationOfInput(`${CID}?a\r\nb`), `/ipfs/${CID}?a%0D%0Ab`)
})

test('names in Content-Disposition: one _ per foreign character, the whole name in UTF-8, nothing that breaks the header', () => {
  assert.is(
    disposition('attachment', 'testтест.tar'),
    `attachment; filename="test____.tar"; filename*=UTF-8''test%D1%82%D0%B5%D1%81%D1%82.tar`,
  )
  assert.is(
    disposition('inline', '😀"\r\n.txt'),
    `inline; filename="_%22%0D%0A.txt"; filename*=UTF-8''%F0%9F%98%80%22%0D%0A.txt`,
  )
  assert.ok(disposition('inline', 'x'.repeat(10_000)).length < 2200)
})

test.run()
