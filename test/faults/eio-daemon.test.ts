import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Checker } from '../crash/checker.ts'
import type { Ledger } from '../crash/invariants.ts'
import { mergeLedgers } from '../crash/kill-points.ts'
import { makeWorld, NOTHING, text, type World } from '../crash/scenarios.ts'
import { whyNoStrace } from '../crash/strace.ts'
import { temporaryFolder } from '../support/cairn.ts'
import { Lane, nameOf, type Point, SYNCS, sampled, startUnderStrace } from './inject.ts'
import { FULL, say, skipped } from './support.ts'

const why = whyNoStrace()
if (why !== undefined) skipped(why)
const check = why === undefined ? test : test.skip
const SEED = Math.floor(Date.now() / 86_400_000)
const STEP = FULL ? 1 : 9

interface Ready {
  readonly api: string
  readonly gateway: string
}

interface Done {
  readonly name: string
  /** Of the RPC: '' if it was acknowledged. */
  readonly code: string
  readonly said: string
}

interface Session {
  /** Undefined if the daemon did not come up. */
  readonly done: readonly Done[] | undefined
  readonly acknowledged: Ledger
  readonly ready: { readonly status: number; readonly text: string }
  readonly exit: number | null
  readonly stderr: string
}

async function firstLine(child: ChildProcess): Promise<string | undefined> {
  let seen = ''
  for await (const chunk of child.stdout ?? []) {
    seen += chunk
    const end = seen.indexOf('\n')
    if (end !== -1) return seen.slice(0, end)
  }
  return undefined
}

/** What a daemon is asked for, one after the other; each call acknowledges something or fails. */
function calls({
  inputs,
  loose,
  single,
  car,
}: World): { name: string; query: string; body?: string; owes: (cids: string[]) => Ledger }[] {
  const pinned = (cids: string[]): Ledger => ({ whole: cids, pinned: cids, unpinned: [] })
  const input = (name: string) => join(inputs, name)
  return [
    { name: 'add small', query: 'add?pin=true', body: input('new-small'), owes: pinned },
    { name: 'add packed', query: 'add?chunker=size-65536', body: input('new-packed'), owes: pinned },
    { name: 'import', query: 'dag/import', body: car, owes: pinned },
    { name: 'block put', query: 'block/put', body: input('new-single'), owes: cids => ({ ...NOTHING, whole: cids }) },
    { name: 'pin', query: `pin/add?arg=${loose}`, owes: () => pinned([loose]) },
    { name: 'unpin', query: `pin/rm?arg=${single}`, owes: () => ({ ...NOTHING, unpinned: [single] }) },
    { name: 'gc', query: 'repo/gc', owes: () => NOTHING },
  ]
}

async function call(api: string, query: string, body: string | undefined): Promise<{ code: string; said: string }> {
  const form = new FormData()
  if (body !== undefined) form.append('file', new Blob([Uint8Array.from(readFileSync(body))]), 'file')
  const answer = await fetch(`${api}/api/v0/${query}`, {
    method: 'POST',
    ...(body === undefined ? {} : { body: form }),
  })
  const said = await answer.text().catch(error => `"Type":"error" broken off: ${error}`)
  if (answer.ok && !said.includes('"Type":"error"') && !said.includes('"Error":"')) return { code: '', said }
  return { code: answer.headers.get('x-cairn-code') ?? 'BROKEN_OFF', said }
}

async function session(
  world: World,
  lane: Lane,
  strace: readonly string[],
  reads: ReadonlyMap<string, Buffer>,
): Promise<Session> {
  lane.renew()
  const flags = ['--json', '--mode', 'offline', '--gateway', '127.0.0.1:0', '--api', '127.0.0.1:0']
  const child = startUnderStrace(strace, ['daemon', ...flags, '--config', 'store.grace=1h'], { CAIRN_REPO: lane.repo })
  const stderr = text(child.stderr)
  const closed = once(child, 'close')
  const line = await firstLine(child)
  if (line === undefined) {
    await closed
    return {
      done: undefined,
      acknowledged: NOTHING,
      ready: { status: 0, text: '' },
      exit: child.exitCode,
      stderr: await stderr,
    }
  }
  const { api, gateway } = JSON.parse(line) as Ready
  const done: Done[] = []
  let acknowledged: Ledger = NOTHING
  for (const { name, query, body, owes } of calls(world)) {
    const { code, said } = await call(api, query, body)
    done.push({ name, code, said })
    if (code === '')
      acknowledged = mergeLedgers(acknowledged, owes(said.match(/\b(?:baf[a-z2-7]{50,}|Qm\w{44})\b/g)?.slice(-1) ?? []))
  }
  for (const [cid, bytes] of reads) {
    const answer = await fetch(`${gateway}/ipfs/${cid}`)
    assert.is(answer.status, 200, `reads go on: ${cid}`)
    assert.ok(Buffer.from(await answer.arrayBuffer()).equals(bytes), `wrong bytes of ${cid}`)
  }
  const answer = await fetch(`${api}/readyz`)
  const ready = { status: answer.status, text: await answer.text() }
  await fetch(`${api}/api/v0/shutdown`, { method: 'POST' })
  await closed
  return { done, acknowledged, ready, exit: child.exitCode, stderr: await stderr }
}

/** SQLite says nothing of a checkpoint that fails; the WAL has the bytes, and the next checkpoint writes them again. */
const mayBeMadeGood = ({ path, when }: Point): boolean =>
  /cairn\.db(-wal)?$/.test(path) || (path === 'repo' && when > 1)

check(
  'a sync that fails in a daemon: that call fails and all that write after it, readyz says why, reads go on',
  async () => {
    const work = temporaryFolder('eio-daemon')
    const world = await makeWorld(work)
    await using checker = new Checker()
    const lane = new Lane(join(work, 'lane'), { base: world.base, calls: SYNCS })
    const reads = new Map([[world.packed, readFileSync(join(world.inputs, 'packed'))]])
    const counted = await session(world, lane, lane.counting(), reads)
    assert.equal(
      counted.done?.map(({ code, said }) => code && said),
      calls(world).map(() => ''),
    )
    // The files with the addresses have the process's number in their temporary names.
    const all = lane.points().filter(({ path }) => !/\.\d+\.tmp$/.test(path))
    let [tried, hit, refused, madeGood, notUp] = [0, 0, 0, 0, 0]
    for (const point of sampled(all, STEP, SEED)) {
      tried++
      const what = `EIO at ${nameOf(point)}`
      const { done, acknowledged, ready, exit, stderr } = await session(world, lane, lane.failing(point, 'EIO'), reads)
      if (lane.wasHit()) {
        hit++
        const failedAt = done?.findIndex(({ code }) => code !== '') ?? 0
        if (done === undefined) {
          assert.is(exit, 8, `${what}: ${stderr}`)
          notUp++
        } else if (failedAt === -1) {
          // While it stopped, after the last answer, or where the WAL makes it good.
          madeGood++
        } else {
          const later = done.slice(failedAt)
          for (const { name, code, said } of later)
            assert.ok(['READ_ONLY', 'BROKEN_OFF'].includes(code), `${what}: ${name} ${code} ${said}`)
          assert.is(ready.status, 503, `${what}: ${ready.text}`)
          assert.match(ready.text, /the disk/)
          assert.match(stderr, /the disk failed/)
          refused++
        }
        if (failedAt === -1 && !mayBeMadeGood(point)) assert.match(stderr, /disk|EIO/, `${what} was heard by nobody`)
      }
      const ledger = mergeLedgers(world.ledger, acknowledged)
      assert.equal(await checker.judge({ path: lane.repo, ledger, collect: false }), [], what)
    }
    say(
      `eio at sync, daemon: ${hit} hit of ${tried} tried of ${all.length} syncs, ${refused} turned it read-only (readyz 503, reads went on), ${madeGood} after the last answer or made good by the WAL, ${notUp} before it was up, 0 acknowledged and lost`,
    )
    assert.ok(refused > 0)
  },
)

test.run()
