import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cell, readTable } from '../interop/compatibility.ts'
import { BETTER_CASES, type Ours, startOurs } from './better/ours.ts'
import { makeWorld, type World } from './better/world.ts'

let world: World
let ours: Ours

test.before(async () => {
  world = await makeWorld()
  ours = await startOurs(world)
})

test.after(async () => {
  await ours[Symbol.asyncDispose]()
})

for (const better of BETTER_CASES) {
  test(`§6.${better.row} ${better.title}`, async () => {
    better.check(await ours.ask(better), world)
  })
}

test('docs/compatibility.md has a line for each', () => {
  const lines = readTable().split('\n').slice(2)
  assert.equal(
    lines.map(line => line.split(' | ', 2).join(' ')),
    BETTER_CASES.map(({ row, title }) => `| ${row} ${cell(title)}`),
    'write it anew with `npm run docs:compatibility`, where Kubo is on the machine',
  )
})

test.run()
