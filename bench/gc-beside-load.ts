// How long adds and gateway reads take while a daemon collects 190,000 dead blocks, against the same load without a collection.

import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { CID } from 'multiformats/cid'
import { RAW } from '../src/block/cid.ts'
import { sha256 } from '../src/block/hash.ts'
import { loadConfig } from '../src/config/load.ts'
import { openNode } from '../src/node/open.ts'
import { SILENT } from '../src/observe/log.ts'
import type { AddTime } from './lib/adder.ts'
import { cairn, cairnDaemon, workFolder } from './lib/programs.ts'

const DEAD_BLOCKS = 190_000
const KEPT_FILES = 2_000
const ROUNDS = Number(process.env.BENCH_RUNS ?? 3)
const IDLE_MS = 6_000
const PAUSE_MS = 10
const TARGET = 2

const folder = workFolder()
const repo = `${folder}/repo`
const { signal } = new AbortController()

interface Load {
  readonly name: string
  readonly times: AddTime[]
}

cairn(repo, 'init', '--quiet')
cairn(repo, 'config', 'set', 'store.grace', '0s')
const kept = await fill(KEPT_FILES, 8_000, true)
const daemon = await cairnDaemon(repo, '--mode', 'offline')
const loads: Load[] = [
  { name: 'add by RPC', times: [] },
  { name: 'gateway read', times: [] },
  { name: 'add by a second process', times: [] },
]
const stopping = new AbortController()
const adder = fork(new URL('./lib/adder.ts', import.meta.url), [repo, String(PAUSE_MS)])
adder.on('message', message => loads[2]?.times.push(message as AddTime))
const running = [repeat(loads[0], addByRpc), repeat(loads[1], readGateway)]
const spans: { idle: boolean; from: number; to: number }[] = []
let gcMs = 0
for (let round = 0; round < ROUNDS; round++) {
  await fill(DEAD_BLOCKS, 600, false)
  await setTimeout(1_000)
  await span(true, () => setTimeout(IDLE_MS))
  await span(false, async () => {
    const startedAt = performance.now()
    await (await fetch(`${daemon.api}/api/v0/repo/gc?silent=true`, { method: 'POST' })).text()
    gcMs += performance.now() - startedAt
  })
}
stopping.abort()
await Promise.all(running)
adder.disconnect()
await new Promise(resolve => adder.on('exit', resolve))
await daemon.stop()
report()

async function span(idle: boolean, work: () => Promise<unknown>): Promise<void> {
  const from = now()
  await work()
  spans.push({ idle, from, to: now() })
}

function now(): number {
  return performance.timeOrigin + performance.now()
}

async function repeat(load: Load | undefined, once: () => Promise<void>): Promise<void> {
  while (!stopping.signal.aborted) {
    const at = now()
    await once()
    load?.times.push({ at, ms: now() - at })
    await setTimeout(PAUSE_MS)
  }
}

async function addByRpc(): Promise<void> {
  const form = new FormData()
  form.append('file', new Blob([randomBytes(1024)]))
  const response = await fetch(`${daemon.api}/api/v0/add`, { method: 'POST', body: form })
  const text = await response.text()
  if (!text.includes('"Hash"')) throw new Error(`add answered ${response.status}: ${text}`)
}

async function readGateway(): Promise<void> {
  const cid = kept[Math.floor(Math.random() * kept.length)]
  const response = await fetch(`${daemon.gateway}/ipfs/${cid}`)
  const { byteLength } = await response.arrayBuffer()
  if (byteLength !== 8_000) throw new Error(`the gateway answered ${response.status} with ${byteLength} bytes`)
}

/** Random raw blocks, pinned one by one or not at all. */
async function fill(count: number, sizeBytes: number, pinned: boolean): Promise<string[]> {
  const { config } = loadConfig({ repo, env: process.env })
  await using node = await openNode({ repo, config, log: SILENT, role: 'command', network: 'never' })
  const cids: CID[] = []
  for (let done = 0; done < count; done += 10_000) {
    await using operation = await node.store.begin('put')
    for (let index = done; index < Math.min(count, done + 10_000); index++) {
      const bytes = new Uint8Array(randomBytes(sizeBytes))
      const cid = CID.createV1(RAW, sha256(bytes))
      await operation.put({ cid, bytes, hasLinks: false })
      if (pinned) cids.push(cid)
    }
    await operation.finish()
  }
  for (const cid of cids) await node.pins.add(cid, { signal })
  return cids.map(String)
}

function percentile(load: Load, idle: boolean, share: number): number {
  const inside = ({ at, ms }: AddTime) => spans.some(one => one.idle === idle && at + ms >= one.from && at <= one.to)
  const sorted = load.times
    .filter(inside)
    .map(({ ms }) => ms)
    .toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

function report(): void {
  const parts = loads.map(load => {
    const [idle, busy] = [percentile(load, true, 0.99), percentile(load, false, 0.99)]
    const ratio = busy / idle
    if (!(ratio <= TARGET)) process.exitCode = 1
    console.log(
      `  ${load.name.padEnd(24)} idle p50 ${percentile(load, true, 0.5).toFixed(1)} p99 ${idle.toFixed(1)} max ${percentile(load, true, 1).toFixed(1)}` +
        ` | collecting p50 ${percentile(load, false, 0.5).toFixed(1)} p99 ${busy.toFixed(1)} max ${percentile(load, false, 1).toFixed(1)} ms`,
    )
    return `${load.name} ${idle.toFixed(1)} → ${busy.toFixed(1)} ms (${ratio.toFixed(2)} ×)`
  })
  const samples = loads.map(({ times }) => times.length).join(' + ')
  console.log(
    `» gc-beside-load: p99 idle → while ${DEAD_BLOCKS.toLocaleString('en')} blocks are collected (${(gcMs / ROUNDS / 1000).toFixed(1)} s, ${ROUNDS} rounds, ${samples} samples): ${parts.join(', ')}; target ≤ ${TARGET} ×`,
  )
}
