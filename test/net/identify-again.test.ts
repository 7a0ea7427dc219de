import type { Identify } from '@libp2p/identify'
import type { Connection } from '@libp2p/interface'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { identifyAgain } from '../../src/net/identify-again.ts'
import { SILENT } from '../../src/observe/log.ts'
import { until } from './fake-wire.ts'
import { connect, startNode, stopNodes } from './net-node.ts'

test.after.each(stopNodes)

test('a peer that did not answer the first time is asked again, until it does', async () => {
  const [a, b] = [await startNode(), await startNode()]
  const { libp2p } = b.network.helia
  const { identify } = libp2p.services as { identify: Identify }
  const ask = identify.identify.bind(identify)
  let asked = 0
  identify.identify = async (connection, options) => {
    if (++asked < 3) throw new Error('busy')
    return ask(connection, options)
  }
  const stop = new AbortController()
  identifyAgain({ libp2p, log: SILENT, signal: stop.signal, firstMs: 1 })
  // The first time is libp2p's own.
  await connect(b, a)
  await until(() => asked === 3)
  await new Promise(resolve => setTimeout(resolve, 30))
  assert.is(asked, 3)
  stop.abort()
})

test('a peer that has said who it is is left alone, and so is one that has gone', async () => {
  const [a, b] = [await startNode(), await startNode()]
  const { libp2p } = b.network.helia
  await connect(b, a)
  await until(() => libp2p.getProtocols().length > 0)
  const { identify } = libp2p.services as { identify: Identify }
  let asked = 0
  identify.identify = async () => {
    asked++
    throw new Error('not needed')
  }
  const stop = new AbortController()
  identifyAgain({ libp2p, log: SILENT, signal: stop.signal, firstMs: 20 })
  const real = libp2p.getConnections()[0] as Connection
  const open = (id: string) => {
    const connection = Object.assign(Object.create(real), { id })
    libp2p.safeDispatchEvent('connection:open', { detail: connection })
    return connection
  }
  libp2p.safeDispatchEvent('peer:identify', { detail: { connection: open('known') } as never })
  libp2p.safeDispatchEvent('connection:close', { detail: open('gone') })
  await new Promise(resolve => setTimeout(resolve, 60))
  assert.is(asked, 0)
  stop.abort()
})

test.run()
