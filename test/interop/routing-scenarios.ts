// Kubo and Cairn as each other's delegated router; each scenario in a process and a network namespace of its own (routing.test.ts).

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import { RAW } from '../../src/block/cid.ts'
import { sha256 } from '../../src/block/hash.ts'
import { configSchema } from '../../src/config/schema.ts'
import { type LocalNode, openNode } from '../../src/node/open.ts'
import { SILENT } from '../../src/observe/log.ts'
import { startGateway, type TestGateway } from '../gateway/support.ts'
import { makePublisher, makeRecord } from '../names/signing.ts'
import { openNames } from '../names/support.ts'
import { Kubo } from './kubo-daemon.ts'

const soon = () => ({ signal: AbortSignal.timeout(20_000) })

interface Cairn extends AsyncDisposable {
  readonly node: LocalNode
  readonly gateway: TestGateway
}

/** A node on loopback with what it tells others about routing. */
async function startCairn(): Promise<Cairn> {
  const repo = mkdtempSync(join(tmpdir(), 'routing-'))
  const swarm = { listen: ['/ip4/127.0.0.1/tcp/0'] }
  const config = configSchema.parse({ mode: 'lan', swarm, daemon: { mdns: false } })
  const node = await openNode({ repo, config, log: SILENT, role: 'daemon', network: 'eager', createIfMissing: true })
  await node.networkReady
  const gateway = await startGateway({ routing: 'write', node: { routing: node.routing, names: node.names } })
  return {
    node,
    gateway,
    [Symbol.asyncDispose]: async () => {
      await gateway.close()
      await node[Symbol.asyncDispose]()
    },
  }
}

export const SCENARIOS: Record<string, () => Promise<void>> = {
  'Kubo finds Cairn by Cairn’s own /routing/v1, dials it and fetches a block': async () => {
    await using cairn = await startCairn()
    await using kubo = await Kubo.start({ router: cairn.gateway.url })
    const bytes = randomBytes(10_000)
    const cid = CID.createV1(RAW, sha256(bytes))
    await cairn.node.putBlocks([{ cid, bytes }], soon())
    const { id } = await cairn.node.id()
    assert.equal(await kubo.text(['routing', 'findprovs', `${cid}`]), id)
    assert.match(await kubo.text(['routing', 'findpeer', id]), /^\/ip4\/127\.0\.0\.1\/tcp\/\d+$/m)
    assert.ok(bytes.equals(await kubo.run(['block', 'get', `${cid}`])))
  },
  'Kubo resolves a name by a record that Cairn has': async () => {
    await using cairn = await startCairn()
    await using kubo = await Kubo.start({ router: cairn.gateway.url })
    const publisher = await makePublisher()
    await cairn.node.names.put(publisher.name.text, await makeRecord(publisher, { value: '/ipfs/bafkqaaa' }), soon())
    assert.equal(await kubo.text(['name', 'resolve', `/ipns/${publisher.name.text}`]), '/ipfs/bafkqaaa')
  },
  'Kubo publishes a name at Cairn': async () => {
    await using cairn = await startCairn()
    await using kubo = await Kubo.start({ router: cairn.gateway.url })
    await kubo.run(['name', 'publish', '--allow-delegated', '/ipfs/bafkqabtimvwgy3yk'])
    const name = await kubo.text(['id', '-f', '<id>'])
    const { chain } = await cairn.node.names.resolve(name, { ...soon(), localOnly: true })
    assert.equal(chain[0]?.target, '/ipfs/bafkqabtimvwgy3yk')
  },
  'Cairn resolves a name by Kubo’s /routing/v1': async () => {
    await using kubo = await Kubo.start({ gateway: { hosts: [], dnslinks: {} } })
    await kubo.run(['name', 'publish', '--allow-offline', '/ipfs/bafkqabtimvwgy3yk'])
    const ipns = { routers: [`http://${kubo.gatewayAddress()}`] }
    await using cairn = await openNames({ ipns, dnslink: { allowPrivate: true }, findRecords: async () => [] })
    const { chain } = await cairn.names.resolve(await kubo.text(['id', '-f', '<id>']), soon())
    assert.equal(chain[0]?.target, '/ipfs/bafkqabtimvwgy3yk')
  },
}

if (import.meta.main) {
  await SCENARIOS[process.argv[2] ?? '']?.()
  process.exit(0)
}
