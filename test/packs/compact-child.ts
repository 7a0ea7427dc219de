// A process that collects and compacts, and kills itself at the gate it is told; prints how many gates it has passed.
// Arguments: repository, gate (none: runs to its end).

import { collectGarbage } from '../../src/pins/gc.ts'
import { gatedStore, Stepper } from '../model/stepper.ts'
import { openAt, WAIT } from '../store/support.ts'
import { SMALL_PACKS } from './support.ts'

const [path = '', gate = ''] = process.argv.slice(2)
const store = await openAt(path, SMALL_PACKS)
const stepper = new Stepper()
let passed = 0
console.log('collecting')
let standing = await stepper.start(async () => {
  for await (const { type } of collectGarbage(gate === '' ? store : gatedStore(store, stepper), {
    graceMs: 0,
    ...WAIT,
  }))
    if (gate !== '') await stepper.gate(type)
})
while ('at' in standing) {
  passed++
  if (String(passed) === gate) process.kill(process.pid, 'SIGKILL')
  standing = await stepper.next()
}
if (!standing.ok) throw standing.error
await store[Symbol.asyncDispose]()
console.log(`gates ${passed}`)
