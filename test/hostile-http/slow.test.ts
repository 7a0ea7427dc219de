import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MiB } from '../../src/units.ts'
import { cairnOk, temporaryFolder } from '../support/cairn.ts'
import { type ProbedDaemon, startProbed } from '../support/probed-daemon.ts'

const isFull = process.env.TEST_FULL !== undefined
const SLOW = isFull ? 5000 : 300
const ANSWERS = isFull ? 1000 : 60
/** Of the full run alone: the small one counts answers. */
const MOST_P99_MS = 250
/** A third of them read slowly: each holds the block it is being given, up to a limit; and what is read ahead is limited for all. */
const MOST_MIB = isFull ? 1000 : 300
const PROGRAM = join(import.meta.dirname, 'slow-clients.ts')

interface Counts {
  readonly opened: number
  readonly closed: number
  readonly refused: number
  readonly connected: number
}

class SlowClients implements AsyncDisposable {
  readonly #child: ChildProcess
  counts: Counts = { opened: 0, closed: 0, refused: 0, connected: 0 }

  constructor(args: readonly string[]) {
    this.#child = fork(PROGRAM, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.#child.on('message', message => {
      this.counts = message as Counts
    })
  }

  async until(isSo: (counts: Counts) => boolean): Promise<void> {
    while (!isSo(this.counts)) await once(this.#child, 'message')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.disconnect()
    await once(this.#child, 'exit')
  }
}

/** One request; its time from the first step to the last byte. */
function timed(url: string, agent: Agent | undefined): Promise<number> {
  const startedAt = performance.now()
  return new Promise((resolve, reject) => {
    get(url, { agent: agent ?? new Agent() }, answer => {
      assert.is(answer.statusCode, 200)
      answer.resume().on('end', () => resolve(performance.now() - startedAt))
    }).on('error', reject)
  })
}

/** Half on one connection that is kept, half on connections of their own. */
async function healthy(url: string): Promise<number[]> {
  const kept = new Agent({ keepAlive: true, maxSockets: 1 })
  const times: number[] = []
  for (let i = 0; i < ANSWERS; i++) {
    times.push(await timed(url, i % 2 === 0 ? kept : undefined))
    await sleep(10)
  }
  kept.destroy()
  return times.sort((a, b) => a - b)
}

const p99 = (sorted: readonly number[]): number => sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN

async function startWith(connections: number): Promise<{ probe: ProbedDaemon; small: string; large: string }> {
  const repo = join(temporaryFolder('slow'), 'repo')
  await cairnOk(['init'], { repo })
  const small = await cairnOk(['add', '-Q', '--cid-version=1'], { repo, input: Buffer.alloc(10_000, 's') })
  const large = await cairnOk(['add', '-Q', '--cid-version=1'], { repo, input: Buffer.alloc(16 * MiB, 'l') })
  const probe = await startProbed({ repo, env: { CAIRN_GATEWAY_MAX_CONNECTIONS: String(connections) } })
  return { probe, small: `/ipfs/${small}`, large: `/ipfs/${large}` }
}

const ROOMS = [
  ['room for four fifths', Math.floor(SLOW * 0.82)],
  ['room for all', SLOW + 1000],
] as const

for (const [what, connections] of isFull ? ROOMS : ROOMS.slice(0, 1))
  test(`${SLOW} slow clients, ${what}: whoever asks gets answers`, async () => {
    const { probe, small, large } = await startWith(connections)
    const { gateway } = probe.daemon
    const url = `${gateway}${small}`
    const alone = p99(await healthy(url))
    const before = probe.residentBytes()
    {
      await using slow = new SlowClients([new URL(gateway).port, String(SLOW), small, large])
      await slow.until(({ opened }) => opened >= SLOW)
      const times = await healthy(url)
      const { connected, closed, refused } = slow.counts
      assert.is(times.length, ANSWERS)
      const took = Math.round((probe.peakBytes() - before) / MiB)
      console.log(
        `\n» slow clients: ${SLOW} of them (${connected} connected at the end, ${closed} times thrown out, ${refused} refused), ${connections} connections allowed: all ${ANSWERS} requests of a healthy one answered, p99 ${p99(times).toFixed(1)} ms (alone ${alone.toFixed(1)} ms), ${took} MiB more at the peak`,
      )
      assert.ok(took < MOST_MIB, `${took} MiB`)
      if (isFull) assert.ok(p99(times) < MOST_P99_MS, `p99 ${p99(times)} ms`)
    }
    await probe.daemon.stop()
  })

test.run()
