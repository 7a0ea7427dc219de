// Pinning from one node to another on loopback: a 256 MiB file and 10,000 small files; Cairn to Cairn beside Kubo to Kubo.

import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { largeFile, smallTree } from './lib/corpus.ts'
import { type Contender, measure } from './lib/measure.ts'
import { cairn, cairnDaemon, type Daemon, findKubo, kubo, kuboDaemon, kuboInit, workFolder } from './lib/programs.ts'

const folder = workFolder()
const program = findKubo()
const profile = 'unixfs-v1-2025'
const last = (text: string) => text.split('\n').at(-1) ?? ''
const repo = (name: string) => join(folder, name)

interface Pair {
  readonly stop: () => Promise<void>
}

/** Cairn: the receiver starts empty for every run. */
function ours(input: string): Contender {
  const root = last(cairn(repo('a'), 'add', '--profile', profile, '-Q', input))
  let running: Pair & { pin: () => void }
  return {
    name: 'cairn',
    command: 'cairn pin add ROOT   (peer connected, receiver empty, durable)',
    before: async () => {
      await running?.stop()
      rmSync(repo('b'), { recursive: true, force: true })
      cairn(repo('b'), 'init', '--quiet')
      const a = await cairnDaemon(repo('a'), '--mode', 'lan')
      const b = await cairnDaemon(repo('b'), '--mode', 'lan', '--connect', a.swarm[0] ?? '')
      running = {
        stop: async () => void (await Promise.all([a.stop(), b.stop()])),
        pin: () => void cairn(repo('b'), 'pin', 'add', root),
      }
    },
    after: async () => running.stop(),
    run: () => {
      running.pin()
      return { result: root }
    },
  }
}

function theirs(path: string, input: string): Contender {
  kuboInit(path, repo('ka'), profile)
  const root = last(kubo(path, repo('ka'), 'add', '-r', '-Q', input))
  let daemons: Daemon[] = []
  return {
    name: 'kubo',
    command: 'ipfs pin add ROOT   (peer connected, receiver empty, unsynced)',
    before: async () => {
      await Promise.all(daemons.map(daemon => daemon.stop()))
      kuboInit(path, repo('kb'), profile)
      kubo(path, repo('ka'), 'config', '--json', 'Addresses.Swarm', '["/ip4/127.0.0.1/tcp/14001"]')
      kubo(path, repo('kb'), 'config', '--json', 'Addresses.Swarm', '["/ip4/127.0.0.1/tcp/14002"]')
      daemons = [
        await kuboDaemon(path, repo('ka'), 18080, ['--routing=none']),
        await kuboDaemon(path, repo('kb'), 18090, ['--routing=none']),
      ]
      kubo(
        path,
        repo('kb'),
        'swarm',
        'connect',
        `/ip4/127.0.0.1/tcp/14001/p2p/${kubo(path, repo('ka'), 'id', '-f', '<id>')}`,
      )
    },
    after: async () => void (await Promise.all(daemons.map(daemon => daemon.stop()))),
    run: () => {
      kubo(path, repo('kb'), 'pin', 'add', root)
      return { result: root }
    },
  }
}

// Kubo's daemons talk to peers here, so they run only where nothing but loopback can be reached.
const alone = !/: (?!lo:)/.test(
  spawnSync('ip', ['-o', 'link', 'show', 'up'], { encoding: 'utf8' }).stdout.replace(/^\d+: lo:.*$/m, ''),
)
const contenders = (input: string) => [ours(input), ...(program !== undefined && alone ? [theirs(program, input)] : [])]

await measure({
  name: 'net-256mib',
  what: 'pin 256 MiB from a peer',
  target: 'recorded',
  state: 'receiver empty',
  runs: 3,
  contenders: contenders(largeFile(folder, 256)),
})
await measure({
  name: 'net-10k',
  what: 'pin 10,000 files of 1–16 KiB from a peer',
  target: 'recorded',
  state: 'receiver empty',
  runs: 3,
  contenders: contenders(smallTree(folder, 10_000)),
})
process.exit(process.exitCode ?? 0)
