import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { chunked, wait } from '../support/dags.ts'
import { DenyNode } from './node.ts'
import { contentOf, DENY_CASES, type DenyCase, TARGETS } from './support.ts'

const isFull = process.env.TEST_FULL !== undefined
/** A million lines are 66 MB to make: in the full run. Its rules are measured in `million.test.ts`. */
const CASES = DENY_CASES.filter(({ name }) => isFull || name !== 'denylist/million')
const CONTROL = DENY_CASES.find(({ name }) => name === 'denylist/control') as DenyCase
/** Lists that are refused as a whole, as docs/denylists.md says: what was in force before stays. */
const REFUSED = new Set(['denylist/header-bad-yaml', 'denylist/header-version-2', 'denylist/header-endless'])
const BLOCKED = [410, 451]

/** Every spelling of one path below a folder. */
const spellings = (folder: string) =>
  ['secret', '/secret', './secret', 's%65cret', 'secret/', 'keep/../secret'].map(rest => `${folder}/${rest}`)

test(`${CASES.length} denylists of the hostile corpus in a running gateway`, async () => {
  await using running = await DenyNode.start()
  const { roots } = await running.node.importCar(chunked(TARGETS, 65_536), wait)
  const folder = `/ipfs/${roots.at(-1)?.cid}`
  const plain = new Map<string, number>()
  const statusOf = async (path: string) => (await running.get(path)).status
  const everyPath = new Set(CASES.flatMap(({ blocked, free }) => [...blocked, ...free]))
  for (const path of everyPath) plain.set(path, await statusOf(path))
  let [blocked, free, refused] = [0, 0, 0]
  for (const hostile of CASES) {
    const { name } = hostile
    await running.put('case', contentOf(CONTROL))
    await running.put('case', contentOf(hostile))
    if (REFUSED.has(name)) {
      refused++
      assert.ok(running.node.deny.files.loaded[0]?.error, `${name} was taken`)
      for (const path of CONTROL.blocked) assert.ok(BLOCKED.includes(await statusOf(path)), `${name}: ${path} is free`)
      continue
    }
    assert.is(running.node.deny.files.loaded[0]?.error, undefined, name)
    for (const path of hostile.blocked) {
      const status = await statusOf(path)
      assert.ok(BLOCKED.includes(status), `${name}: ${path} answers ${status}`)
      blocked++
    }
    for (const path of hostile.free) {
      assert.is(await statusOf(path), plain.get(path), `${name}: ${path}`)
      free++
    }
    if (name === 'denylist/hints') await judgeHints(running, hostile)
    if (name === 'denylist/path-encodings')
      for (const path of spellings(folder)) assert.is(await statusOf(path), 410, path)
    if (name === 'denylist/malformed') {
      const problems = running.node.deny.files.loaded[0]?.list?.problems ?? []
      assert.equal(
        problems.map(({ line }) => line),
        [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14],
      )
    }
  }
  await running.remove('case')
  for (const path of everyPath) assert.is(await statusOf(path), plain.get(path), `after the removal: ${path}`)
  console.log(
    `» denylists: ${CASES.length} of ${DENY_CASES.length} cases, ${blocked} paths blocked, ${free} free, ${refused} lists refused with the last good copy in force; all free again after the removal`,
  )
})

async function judgeHints(running: DenyNode, { blocked }: DenyCase): Promise<void> {
  const answers = await Promise.all(blocked.map(path => running.get(path)))
  assert.equal(
    answers.map(({ status }) => status),
    [451, 410, 410],
  )
  assert.match(String(answers[0]?.headers.link), /^<[^>]+>; rel="blocked-by"$/)
  assert.is(answers[1]?.headers.link, undefined)
  for (const { body, headers } of answers) {
    assert.match(body.toString(), /blocked and cannot be provided \(rule case:\d+/)
    assert.is(headers['cache-control'], 'no-store')
    assert.is(headers.etag, undefined)
  }
}

test.run()
