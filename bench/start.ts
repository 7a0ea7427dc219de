// Starting: `--help`, a small durable add, a daemon's first local answer; beside `node -e 0` and Kubo.

import { execFileSync, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Contender, measure } from './lib/measure.ts'
import { cairn, cairnDaemon, findKubo, kubo, kuboInit, workFolder } from './lib/programs.ts'

const folder = workFolder()
const program = findKubo()
const ourRepo = join(folder, 'cairn')
const kuboRepo = join(folder, 'kubo')
const input = join(folder, 'hello.txt')
writeFileSync(input, 'hello\n')
cairn(ourRepo, 'init', '--quiet')
if (program !== undefined) kuboInit(program, kuboRepo, 'unixfs-v1-2025')

const bare: Contender = {
  name: 'limit',
  command: 'node -e 0',
  run: () => void execFileSync(process.execPath, ['-e', '0']),
}
const both = (name: string, args: string[]): Contender[] => [
  { name: 'cairn', command: `cairn ${name}`, run: () => void cairn(ourRepo, ...args) },
  ...(program === undefined
    ? []
    : [{ name: 'kubo', command: `ipfs ${name}`, run: () => void kubo(program, kuboRepo, ...args) }]),
  bare,
]

await measure({
  name: 'start-help',
  what: '--help',
  target: '< 45 ms',
  state: 'warm',
  runs: 15,
  contenders: both('--help', ['--help']),
})
await measure({
  name: 'start-add',
  what: 'add of 6 bytes, durable',
  target: '< 80 ms',
  state: 'warm',
  runs: 15,
  contenders: both('add -Q hello.txt', ['add', '-Q', input]),
})

const cid = cairn(ourRepo, 'add', '-Q', input)
await measure({
  name: 'start-daemon',
  what: 'from the start of a daemon to its first answer from the store',
  target: '< 200 ms',
  state: 'warm, mode offline',
  runs: 7,
  contenders: [
    {
      name: 'cairn',
      command: 'cairn daemon --mode offline, then GET /ipfs/<cid>',
      run: async () => {
        const startedAt = performance.now()
        const daemon = await cairnDaemon(ourRepo, '--mode', 'offline')
        const response = await fetch(`${daemon.gateway}/ipfs/${cid}`)
        if ((await response.text()) !== 'hello\n') throw new Error(`wrong answer: ${response.status}`)
        const value = performance.now() - startedAt
        await daemon.stop()
        return { value }
      },
    },
    ...(program === undefined ? [] : [await kuboStart(program)]),
  ],
})

async function kuboStart(path: string): Promise<Contender> {
  kubo(path, kuboRepo, 'config', 'Addresses.Gateway', '/ip4/127.0.0.1/tcp/18080')
  kubo(path, kuboRepo, 'config', 'Addresses.API', '/ip4/127.0.0.1/tcp/18081')
  return {
    name: 'kubo',
    command: 'ipfs daemon --offline, then GET /ipfs/<cid>',
    run: async () => {
      const startedAt = performance.now()
      const child = spawn(path, ['daemon', '--offline'], {
        env: { ...process.env, IPFS_PATH: kuboRepo },
        stdio: 'ignore',
      })
      for (let answered = false; !answered; ) {
        answered = await fetch(`http://127.0.0.1:18080/ipfs/${cid}`).then(
          response => response.ok,
          () => new Promise<false>(resolve => setTimeout(resolve, 2, false)),
        )
      }
      const value = performance.now() - startedAt
      child.kill('SIGTERM')
      await new Promise(resolve => child.once('exit', resolve))
      return { value }
    },
  }
}
