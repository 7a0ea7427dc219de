import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cairn, cairnOk, startDaemon, temporaryFolder } from '../support/cairn.ts'
import { assertSound, refused } from './support.ts'

const work = temporaryFolder('daemon')
const FREE = ['--gateway', '127.0.0.1:0', '--api', '127.0.0.1:0']

test('a second daemon on one repository: 11, the pid of the first, which goes on', async () => {
  const repo = join(work, 'one')
  const daemon = await startDaemon({ repo })
  try {
    const says = [`a daemon runs on ${repo} already (process ${daemon.child.pid})`]
    for (let i = 0; i < 2; i++) await refused(['daemon', ...FREE], { repo, code: 11, says, hint: 'cairn shutdown' })
    const cid = await cairnOk(['add', '-Q'], { repo, input: 'beside\n' })
    assert.is(await (await fetch(`${daemon.gateway}/ipfs/${cid}`)).text(), 'beside\n')
    // Those who are refused take nothing of the first away.
    for (const name of ['api', 'gateway']) assert.ok(existsSync(join(repo, name)), name)
    assert.match(await cairnOk(['id'], { repo }), 'running')
  } finally {
    await daemon.stop()
  }
  await assertSound(repo)
})

test('a port in use: who has it, the flag and the key that choose another', async () => {
  const holder = spawn(process.execPath, [
    '-e',
    "const s = require('node:net').createServer().listen(0, '127.0.0.1', () => console.log(s.address().port))",
  ])
  const [port] = await once(holder.stdout, 'data')
  const taken = `127.0.0.1:${String(port).trim()}`
  const repo = join(work, 'ports')
  await cairnOk(['init'], { repo })
  try {
    const who = process.platform === 'linux' ? `process ${holder.pid}` : 'another process'
    for (const [flag, key, free] of [
      ['--gateway', 'gateway.listen', ['--api', '127.0.0.1:0']],
      ['--api', 'api.listen', ['--gateway', '127.0.0.1:0']],
    ] as const) {
      const says = [`${taken}, meant for the ${flag.slice(2)}, is in use by`, who]
      await refused(['daemon', flag, taken, ...free], {
        repo,
        code: 2,
        says,
        hint: new RegExp(`${flag} HOST:PORT.*${key}`),
      })
    }
    // The network starts last: what was served before it failed is said, but nothing claims to be ready.
    writeFileSync(join(repo, 'swarm.key'), `/key/swarm/psk/1.0.0/\n/base16/\n${'00'.repeat(32)}\n`)
    const swarm = ['--mode', 'private', '--swarm', `/ip4/127.0.0.1/tcp/${String(port).trim()}`]
    const ran = await cairn(['daemon', '--json', ...FREE, ...swarm], { repo })
    assert.is(ran.code, 2, ran.stderr)
    assert.is(ran.stdout, '')
    const error = JSON.parse(ran.stderr.trim().split('\n').at(-1) ?? '').error
    assert.match(error.message, 'in use')
    assert.match(error.hint, 'swarm.listen')
  } finally {
    holder.kill()
  }
  // Nothing that a failed start has left is in the way of the next.
  const daemon = await startDaemon({ repo, mode: 'private' })
  await daemon.stop()
})

test('addresses that are none, or are not ours to listen on', async () => {
  const repo = join(work, 'addresses')
  for (const [args, code, says, hint] of [
    [['--gateway', 'foo'], 2, '"foo" is not HOST:PORT', /./],
    [['--gateway', '127.0.0.1:99999'], 2, 'is not HOST:PORT', /./],
    [
      ['--gateway', '203.0.113.5:8080', '--api', '127.0.0.1:0'],
      2,
      'the gateway cannot listen on 203.0.113.5:8080',
      '--gateway',
    ],
    [['--gateway', 'unix:/nowhere/at/all', '--api', '127.0.0.1:0'], 7, 'may not listen on unix:/nowhere', 'its folder'],
    [['--api', '0.0.0.0:5001'], 2, 'is reachable from other machines', 'use 127.0.0.1'],
    [['--swarm', 'nonsense'], 2, 'is not a list of multiaddrs', /./],
    [['--connect', 'nonsense'], 2, '--connect: "nonsense" is not the multiaddr of a peer', '/p2p/'],
    [['--connect', '/ip4/127.0.0.1/tcp/1'], 2, 'is not the multiaddr of a peer', '/p2p/'],
    [['--mode', 'pubic'], 2, '"pubic" is not one of public, lan, private, offline', 'did you mean public?'],
  ] as const)
    await refused(['daemon', ...args], { repo, code, says: [says], hint })
})

test('a private network without its key, or with one that is none: not one byte is served', async () => {
  const repo = join(work, 'private')
  await cairnOk(['init'], { repo })
  const env = { CAIRN_MODE: 'private' }
  const args = ['daemon', ...FREE]
  await refused(args, { repo, env, code: 2, says: ['mode is private, and the swarm key'], hint: 'put the swarm.key' })
  writeFileSync(join(repo, 'swarm.key'), 'secret')
  await refused(args, { repo, env, code: 2, says: ['is not a swarm key'], hint: 'it has three lines' })
  // Who put a key there meant to be alone.
  await refused(args, {
    repo,
    env: { CAIRN_MODE: 'lan' },
    code: 2,
    says: ['but the mode is lan'],
    hint: 'mode to private',
  })
})

test('what needs a daemon or a network says so where there is none', async () => {
  const repo = join(work, 'none')
  await cairnOk(['init'], { repo })
  const address = '/ip4/127.0.0.1/tcp/1/p2p/12D3KooWL54G2nRgJV68thvqTXMDXpZ11NP2Kb9dqoLwEp3SXiEt'
  await refused(['shutdown'], { repo, code: 12, says: [`no daemon runs on ${repo}`], hint: 'cairn daemon' })
  const commands = [
    ['swarm', 'peers'],
    ['swarm', 'connect', address],
  ]
  const offline = { repo, code: 12, says: ['this node is offline'], hint: 'another mode' }
  for (const command of commands) await refused(command, offline)
  const daemon = await startDaemon({ repo })
  try {
    for (const command of commands) await refused(command, offline)
  } finally {
    await daemon.stop()
  }
})

test.run()
