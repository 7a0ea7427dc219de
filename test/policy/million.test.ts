import { createHash } from 'node:crypto'
import { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RAW } from '../../src/block/cid.ts'
import { sha256 } from '../../src/block/hash.ts'
import { Denylist } from '../../src/policy/denylist.ts'
import { ListParser } from '../../src/policy/list-parser.ts'
import { MiB } from '../../src/units.ts'

const RULES = process.env.TEST_FULL === undefined ? 200_000 : 1_000_000
const LINE_BYTES = 67
const cidOf = (text: string) => CID.createV1(RAW, sha256(Buffer.from(text)))

/** Half of them by their hash alone, as published lists are. */
function* lines(): Generator<string> {
  for (let i = 0; i < RULES; i++)
    yield i % 2 === 0
      ? `/ipfs/${cidOf(`deny ${i}`)}\n`
      : `//${createHash('sha256')
          .update(`${cidOf(`deny ${i}`)}/`)
          .digest('hex')}\n`
}

function* chunks(): Generator<Buffer> {
  let gathered: string[] = []
  for (const line of lines()) {
    if (gathered.push(line) < 4000) continue
    yield Buffer.from(gathered.join(''))
    gathered = []
  }
  yield Buffer.from(gathered.join(''))
}

test(`${RULES} rules: all found, nothing else, in the memory that a table of them takes`, () => {
  const text = [...chunks()]
  const parser = new ListParser({ name: 'million', sizeBytes: RULES * LINE_BYTES })
  const parsing = process.cpuUsage()
  for (const chunk of text) parser.push(chunk)
  const list = parser.end()
  const parsed = process.cpuUsage(parsing)
  assert.is(list.ruleCount, RULES)
  assert.is(list.badLines, 0)
  // 24 bytes a rule, in a table that is at most three quarters full and at least three eighths.
  assert.ok(list.tableBytes <= (RULES * 24 * 8) / 3, `${list.tableBytes} bytes`)
  const denylist = new Denylist()
  denylist.replace([{ name: 'million', list }])
  const asked = Array.from({ length: 20_000 }, (_, i) => cidOf(`free ${i}`))
  for (let i = 0; i < RULES; i += 997) assert.ok(denylist.check({ cid: cidOf(`deny ${i}`) }), `rule ${i}`)
  const looking = process.cpuUsage()
  for (const cid of asked) assert.is(denylist.check({ cid }), undefined)
  const looked = process.cpuUsage(looking)
  const again = process.cpuUsage()
  for (let i = 0; i < 20_000; i++) denylist.check({ cid: asked[i % 500] as CID })
  const lookedAgain = process.cpuUsage(again)
  const micros = (usage: NodeJS.CpuUsage) => usage.user + usage.system
  console.log(
    `\n» denylist of ${RULES} rules: ${Math.round(micros(parsed) / 1000)} ms of CPU, ${Math.round(list.tableBytes / MiB)} MiB; a look-up ${(micros(looked) / 20_000).toFixed(1)} µs, ${(micros(lookedAgain) / 20_000).toFixed(1)} µs for what was asked just before`,
  )
})

test.run()
