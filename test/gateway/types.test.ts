import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { contentType, typeWithoutBytes } from '../../gateway/content/types.ts'

const of = (name: string, content: string | Uint8Array, sizeBytes?: number) => {
  const head = typeof content === 'string' ? Buffer.from(content) : content
  return contentType({ name, head, sizeBytes: sizeBytes ?? head.byteLength })
}

test('a name decides', () => {
  assert.is(of('a.html', 'x'), 'text/html')
  assert.is(of('A.HTML', 'x'), 'text/html')
  assert.is(of('a.css', 'x'), 'text/css; charset=utf-8')
  assert.is(of('a.mjs', 'x'), 'text/javascript; charset=utf-8')
  assert.is(of('a.svg', 'x'), 'image/svg+xml')
  assert.is(of('a.ts', 'x'), 'text/plain; charset=utf-8')
  assert.is(of('a.png', 'hello'), 'image/png')
  assert.is(of('a.tar.gz', 'x'), 'application/gzip')
  assert.is(of('a.bin', ''), 'application/octet-stream')
})

test('names that are properties of every object decide nothing', () => {
  for (const name of ['a.constructor', 'a.__proto__', 'a.toString']) {
    assert.is(of(name, 'x'), 'text/plain; charset=utf-8')
  }
})

test('a charset never contradicts the bytes', () => {
  assert.is(of('a.txt', Buffer.from('Gr\xfc\xdfe', 'latin1')), 'text/plain')
  assert.is(of('a.txt', Buffer.from('\xff\xfea\x00', 'latin1')), 'text/plain; charset=utf-16le')
  assert.is(of('a.csv', Buffer.from('\xfe\xff\x00a', 'latin1')), 'text/csv; charset=utf-16be')
  assert.is(of('a.txt', 'Größe'), 'text/plain; charset=utf-8')
  const cut = Buffer.from('Größ').subarray(0, -1)
  assert.is(of('a.txt', cut, 100), 'text/plain; charset=utf-8', 'a character may be cut at the end of a prefix')
  assert.is(of('a.txt', cut), 'text/plain')
})

test('without a name the first bytes decide', () => {
  assert.is(of('', '<!doctype html><p>hi'), 'text/html')
  assert.is(of('', '  \n<html>'), 'text/html')
  assert.is(of('', '<?xml version="1.0"?><!-- c --><svg xmlns="x"/>'), 'image/svg+xml')
  assert.is(of('', '<svg/>'), 'image/svg+xml')
  assert.is(of('', '<?xml version="1.0"?><note/>'), 'text/xml; charset=utf-8')
  assert.is(of('', '%PDF-1.4'), 'application/pdf')
  assert.is(of('', Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')), 'image/png')
  assert.is(of('', Buffer.from('RIFF\0\0\0\0WEBPVP8L', 'latin1')), 'image/webp')
  assert.is(of('', Buffer.from('\0\0\0\x20ftypavif', 'latin1')), 'image/avif')
  assert.is(of('', Buffer.from('\0\0\0\x20ftypisom', 'latin1')), 'video/mp4')
  assert.is(of('', Buffer.from('\x1aE\xdf\xa3....webm', 'latin1')), 'video/webm')
  assert.is(of('', Buffer.from('\x1aE\xdf\xa3....matroska', 'latin1')), 'video/x-matroska')
  assert.is(of('', 'plain words'), 'text/plain; charset=utf-8')
  assert.is(of('', 'text\0with nul'), 'application/octet-stream')
  assert.is(of('', ''), 'text/plain')
  assert.is(of('noext.', 'x'), 'text/plain; charset=utf-8')
})

test('JSON without a name: objects and arrays, whole or as a prefix', () => {
  assert.is(of('', '{ "test": "i am a plain json file" }\n'), 'application/json')
  assert.is(of('', '[1,2,3]'), 'application/json')
  assert.is(of('', '{"a":1'), 'text/plain; charset=utf-8')
  assert.is(of('', '12345'), 'text/plain; charset=utf-8')
  assert.is(of('', '"text"'), 'text/plain; charset=utf-8')
  assert.is(of('', `[${'{"a":"b"},'.repeat(100)}{"a":"cu`, 5000), 'application/json')
  assert.is(of('', `[${'x '.repeat(100)}`, 5000), 'text/plain; charset=utf-8')
  assert.is(of('', `{ this is no json ${'at all '.repeat(100)}`, 5000), 'text/plain; charset=utf-8')
})

test('a range that begins later is typed by name alone', () => {
  assert.is(typeWithoutBytes('a.txt'), 'text/plain; charset=utf-8')
  assert.is(typeWithoutBytes('a.html'), 'text/html')
  assert.is(typeWithoutBytes('a'), 'application/octet-stream')
})

test.run()
