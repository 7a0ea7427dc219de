// What each outcome of the hostile corpus asks of a running node: its doors are tried in turn, and their answers judged.

import type { CID } from 'multiformats/cid'
import * as assert from 'uvu/assert'
import { parseCid } from '../../src/block/cid.ts'
import { readCar } from '../../src/dag/car/car-read.ts'
import { chunked, wait } from '../support/dags.ts'
import { blocksOf, contentOf, type HostileCase } from './corpus.ts'
import type { HostileDaemon, Refusal } from './doors.ts'

type Answers = Map<string, Refusal>

export interface Judged {
  readonly doors: number
  readonly refused: boolean
}

/** Kubo's own words for what it could not foresee, and ours for a bug, are no clear refusal. */
const UNCLEAR = /^(internal|undefined|null|\[object)|this is a bug|\n\s+at .*:\d+/i

export async function judge(daemon: HostileDaemon, hostile: HostileCase): Promise<Judged> {
  const car = contentOf(hostile)
  const before = await daemon.blockCount()
  const imported = await daemon.importCar(car)
  const answers: Answers = new Map([['import', imported]])
  const isRefused = imported !== undefined
  if (hostile.outcome === 'refuse' || hostile.outcome === 'incomplete') {
    assert.ok(isRefused, 'it was taken')
    const stored = (await daemon.blockCount()) - before
    // The corpus counts a DAG's children alone, for a hole below a root that is sound itself.
    const most = (hostile.maxStored ?? Number.POSITIVE_INFINITY) + (hostile.kind === 'dag' ? 1 : 0)
    assert.ok(stored <= most, `${stored} blocks stored`)
    assert.equal(await daemon.pins(), [])
  }
  const root = await rootOf(hostile, car)
  if (root !== undefined && hostile.outcome !== 'refuse') await askAll(daemon, { hostile, root, answers })
  if (hostile.doors.includes('put')) await putAll(daemon, { hostile, car, answers })
  for (const [door, words] of answers) if (words !== undefined) assert.not.match(words, UNCLEAR, `${door}: ${words}`)
  weigh(hostile, answers)
  return { doors: answers.size, refused: isRefused }
}

interface Asked {
  readonly hostile: HostileCase
  readonly root: CID
  readonly answers: Answers
}

async function askAll(daemon: HostileDaemon, { hostile, root, answers }: Asked): Promise<void> {
  const asked = new Set(hostile.doors)
  if (asked.has('pin')) answers.set('pin', await daemon.pin(root))
  const listed = asked.has('ls') ? await daemon.ls(root) : undefined
  if (listed !== undefined) answers.set('ls', listed.refusal)
  if (asked.has('stat')) answers.set('stat', await daemon.stat(root))
  if (!asked.has('get')) return
  // Bombs and what breaks off are asked for as a stream: nobody wants a terabyte of zeros on disk.
  if (hostile.outcome === 'bounded' || hostile.outcome === 'partial') {
    answers.set('get', await daemon.tar(root))
    return
  }
  const { refusal, inside, outside } = await daemon.get(root)
  assert.equal(outside, [], 'written outside of the target')
  // Whoever says that all is there has left nothing out.
  if (hostile.outcome === 'listed' && refusal === undefined) assert.is(inside, listed?.entries)
  answers.set('get', refusal)
}

/** Each block alone: its hash is right, so it is stored or refused, and never under another name. */
async function putAll(
  daemon: HostileDaemon,
  { hostile, car, answers }: { hostile: HostileCase; car: Uint8Array; answers: Answers },
): Promise<void> {
  let refused: Refusal
  for (const { cid, bytes } of (await blocksOf(car)).slice(0, 20))
    refused = (await daemon.putBlock(cid, bytes)) ?? refused
  if (hostile.kind === 'dag') assert.not.match(refused ?? '', /^stored under/)
  answers.set('put', refused)
}

function weigh({ outcome, name }: HostileCase, answers: Answers): void {
  const said = (door: string) => answers.get(door)
  const shown = () => JSON.stringify([...answers])
  switch (outcome) {
    case 'accept':
      assert.is(said('import'), undefined, shown())
      assert.is(said('pin'), undefined, shown())
      assert.is(said('ls'), undefined, shown())
      return
    case 'incomplete':
      assert.ok(!answers.has('pin') || said('pin') !== undefined, shown())
      return
    case 'read-refused':
      if (said('import') !== undefined) return
      for (const door of ['get']) assert.ok(!answers.has(door) || said(door) !== undefined, shown())
      return
    case 'partial':
      assert.ok(!answers.has('get') || said('get') !== undefined, shown())
      return
    case 'listed':
      if (name.startsWith('hamt/')) return
      assert.is(said('ls'), undefined, shown())
  }
}

async function rootOf(hostile: HostileCase, car: Uint8Array): Promise<CID | undefined> {
  try {
    if (hostile.root !== undefined) return parseCid(hostile.root)
    const { roots, blocks } = readCar(chunked(car, 65_536), wait)
    roots.catch(() => undefined)
    for await (const _ of blocks) break
    return (await roots)[0]
  } catch {
    return undefined
  }
}
