import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { configSchema } from '../../src/config/schema.ts'
import { type Mode, networkParts } from '../../src/net/modes.ts'

const partsOf = (mode: Mode, role: 'daemon' | 'client' = 'daemon', mdns = true) =>
  networkParts(configSchema.parse({ mode, daemon: { mdns } }), role)

test('only public mode talks to strangers', () => {
  const open = (['public', 'lan', 'private', 'offline'] as const).filter(mode => {
    const { bootstrap, dht, traversal } = partsOf(mode)
    return bootstrap || dht || traversal
  })
  assert.equal(open, ['public'])
})

test('only private mode uses the swarm key, and never looks for peers by itself', () => {
  const { swarmKey, mdns, bootstrap, dht } = partsOf('private')
  assert.equal({ swarmKey, mdns, bootstrap, dht }, { swarmKey: true, mdns: false, bootstrap: false, dht: false })
  for (const mode of ['public', 'lan', 'offline'] as const) assert.is(partsOf(mode).swarmKey, false)
})

test('offline has no network', () => {
  assert.is(partsOf('offline').network, false)
})

test('mDNS can be switched off', () => {
  assert.is(partsOf('lan').mdns, true)
  assert.is(partsOf('lan', 'daemon', false).mdns, false)
  assert.is(partsOf('private', 'daemon', true).mdns, false)
})

test("a command's own node does not listen and announces nothing", () => {
  for (const mode of ['public', 'lan', 'private'] as const) {
    const { listen, traversal, network, announces } = partsOf(mode, 'client')
    assert.equal([listen, traversal, network, announces], [false, false, true, 'nothing'])
  }
})

test('every mode says what it announces', () => {
  for (const mode of ['public', 'lan', 'private', 'offline'] as const) assert.ok(partsOf(mode).announces.length > 0)
})

test.run()
