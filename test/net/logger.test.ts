import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { libraryLogger } from '../../src/net/logger.ts'
import { createLogger, type LogLevel } from '../../src/observe/log.ts'

function capture(level: LogLevel) {
  const lines: string[] = []
  const log = createLogger({ level, format: 'json', write: line => lines.push(line) })
  return { lines, logger: libraryLogger(log.part('net')) }
}

test('says nothing unless debugging is on', () => {
  const { lines, logger } = capture('info')
  const part = logger.forComponent('libp2p:tcp')
  part('hello %s', 'world')
  part.error('bad %e', new Error('x'))
  part.trace('detail')
  part.newScope('sub')('more')
  assert.equal(lines, [])
  assert.is(part.enabled, false)
})

test('fills in what the libraries format, under the part they name', () => {
  const { lines, logger } = capture('debug')
  logger.forComponent('libp2p:tcp').newScope('1')('dialled %a for %p in %d ms', '/ip4/1.2.3.4', 'Qm', 7, 'extra')
  const line = JSON.parse(lines[0] ?? '')
  assert.is(line.part, 'net:tcp:1')
  assert.is(line.level, 'debug')
  assert.is(line.msg, 'dialled /ip4/1.2.3.4 for Qm in 7 ms extra')
})

test('errors, bytes, plain objects and nothing all print', () => {
  const { lines, logger } = capture('debug')
  logger.forComponent('helia').error('%e %b %o %s %%', new TypeError('no'), Uint8Array.from([1]), { a: 1 }, undefined)
  assert.is(JSON.parse(lines[0] ?? '').msg, 'TypeError: no AQ== {"a":1} undefined %')
})

test('an object that throws at any touch does not end what logs it', () => {
  const { lines, logger } = capture('debug')
  const hostile = new Proxy(
    {},
    {
      get: () => {
        throw new Error('not set')
      },
    },
  )
  logger.forComponent('x')('started %o', hostile)
  assert.is(JSON.parse(lines[0] ?? '').msg, 'started [object]')
})

test('details only at the level trace', () => {
  const debug = capture('debug')
  debug.logger.forComponent('x').trace('detail')
  assert.is(debug.lines.length, 0)
  const trace = capture('trace')
  trace.logger.forComponent('x').trace('detail')
  assert.is(trace.lines.length, 1)
})

test.run()
