// Reading: `cat` and the gateway (large file, small file, nested path, listing, CAR, TAR), without and with workers, beside Kubo with the same content.

import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bareServer } from './lib/bare-server.ts'
import { largeFile, randomBytes, smallTree } from './lib/corpus.ts'
import { type Contender, measure } from './lib/measure.ts'
import {
  cairn,
  cairnDaemon,
  type Daemon,
  findKubo,
  hashOf,
  kubo,
  kuboDaemon,
  kuboInit,
  workFolder,
} from './lib/programs.ts'

const folder = workFolder()
const program = findKubo()
const ourRepo = join(folder, 'cairn')
const kuboRepo = join(folder, 'kubo')
const profile = 'unixfs-v1-2025'
const last = (text: string) => text.split('\n').at(-1) ?? ''

cairn(ourRepo, 'init', '--quiet')
if (program !== undefined) kuboInit(program, kuboRepo, profile)

function addToBoth(input: string): string {
  const cid = last(cairn(ourRepo, 'add', '--profile', profile, '-r', '-Q', input))
  if (program !== undefined && last(kubo(program, kuboRepo, 'add', '-r', '-Q', input)) !== cid)
    throw new Error(`different CIDs for ${input}`)
  return cid
}

const site = join(folder, 'site')
mkdirSync(join(site, 'a/b/c/d'), { recursive: true })
const next = randomBytes(77)
writeFileSync(join(site, 'small.bin'), next(10 * 1024))
writeFileSync(join(site, 'a/b/c/d/deep.bin'), next(10 * 1024))
mkdirSync(join(site, 'list'))
for (let i = 0; i < 1000; i++)
  writeFileSync(join(site, 'list', `entry-${String(i).padStart(4, '0')}.txt`), `entry ${i}\n`)

const gigabyte = addToBoth(largeFile(folder, 1024))
const quarter = addToBoth(largeFile(folder, 256))
const tree = addToBoth(smallTree(folder, 10_000))
const root = addToBoth(site)

const cat = (name: string, command: string, env: Record<string, string>): Contender => ({
  name,
  command,
  run: () => ({ result: hashOf(command, env) }),
})
await measure({
  name: 'cat-1gib',
  what: 'cat of a 1 GiB file, piped into sha256sum on both sides',
  target: '≤ 2 × Kubo, checked',
  state: 'warm',
  contenders: [
    cat('cairn', `${process.execPath} ${join(import.meta.dirname, '../cli/bin.js')} cat ${gigabyte}`, {
      CAIRN_REPO: ourRepo,
      CAIRN_MODE: 'offline',
    }),
    ...(program === undefined ? [] : [cat('kubo', `${program} cat ${gigabyte}`, { IPFS_PATH: kuboRepo })]),
  ],
})

// A repository has one daemon.
const copy = join(folder, 'cairn-workers')
cpSync(ourRepo, copy, { recursive: true })
const ours = await cairnDaemon(ourRepo, '--mode', 'offline')
const oursByTwo = await cairnDaemon(copy, '--mode', 'offline', '--config', 'gateway.workers=2')
const theirs = program === undefined ? undefined : await kuboDaemon(program, kuboRepo, 18080)
const bare = await bareServer(10 * 1024)
const daemons: [string, Daemon][] = [
  ['cairn', ours],
  ['cairn workers 2', oursByTwo],
  ...(theirs === undefined ? [] : ([['kubo', theirs]] as [string, Daemon][])),
]

const download = (path: string): Contender[] =>
  daemons.map(([name, { gateway }]) => ({
    name,
    command: `curl -s ${gateway}${path} > /dev/null`,
    run: () => void execFileSync('curl', ['-sf', '-o', '/dev/null', `${gateway}${path}`]),
  }))

/** Requests per second by wrk for 3 s, after comparing one body. */
const load = (path: string, connections: number, limit?: string): Contender[] =>
  [
    ...daemons,
    ...(limit === undefined ? [] : ([['limit', { gateway: limit }]] as [string, { gateway: string }][])),
  ].map(([name, { gateway }]) => {
    const url = name === 'limit' ? gateway : `${gateway}${path}`
    return {
      name,
      command: `wrk -t1 -c${connections} -d3s ${url}${name === 'limit' ? '   (a bare node:http server that sends 10 KiB)' : ''}`,
      run: () => {
        const text = execFileSync('wrk', ['-t1', `-c${connections}`, '-d3s', url], { encoding: 'utf8' })
        if (/Non-2xx/.test(text)) throw new Error(`${url}: ${text}`)
        return { value: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]) }
      },
    }
  })

for (const [, { gateway }] of daemons)
  console.log(`body of /ipfs/${root}/small.bin from ${gateway}: ${hashOf(`curl -s ${gateway}/ipfs/${root}/small.bin`)}`)
await measure({
  name: 'gateway-1gib',
  what: 'gateway GET of a 1 GiB file',
  target: '≤ 0.83 × Kubo, checked',
  state: 'warm',
  contenders: download(`/ipfs/${gigabyte}`),
})
await measure({
  name: 'gateway-10kib',
  what: 'gateway GET of 10 KiB',
  unit: 'per second',
  target: '≥ 3 × Kubo',
  state: 'warm, 32 connections',
  contenders: load(`/ipfs/${root}/small.bin`, 32, bare.url),
})
await measure({
  name: 'gateway-nested',
  what: 'gateway GET of 10 KiB five folders deep',
  unit: 'per second',
  target: '≥ 5 × Kubo',
  state: 'warm, 32 connections',
  contenders: load(`/ipfs/${root}/a/b/c/d/deep.bin`, 32),
})
await measure({
  name: 'gateway-listing',
  what: 'gateway listing of 1,000 entries',
  unit: 'per second',
  target: '≥ 10 × Kubo',
  state: 'warm, 8 connections',
  contenders: load(`/ipfs/${root}/list/`, 8),
})
await measure({
  name: 'gateway-car-256mib',
  what: 'gateway CAR of a 256 MiB file',
  target: '≤ 0.5 × Kubo',
  state: 'warm',
  contenders: download(`/ipfs/${quarter}?format=car`),
})
await measure({
  name: 'gateway-car-10k',
  what: 'gateway CAR of 10,000 small files',
  target: '≤ 0.5 × Kubo',
  state: 'warm',
  contenders: download(`/ipfs/${tree}?format=car`),
})

await measure({
  name: 'gateway-tar-10k',
  what: 'gateway TAR of 10,000 small files',
  target: '≤ 0.5 × Kubo',
  state: 'warm',
  contenders: download(`/ipfs/${tree}?format=tar`),
})

await Promise.all([ours.stop(), oursByTwo.stop(), theirs?.stop(), bare.stop()])
