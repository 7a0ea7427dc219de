// Runs one test file in this process: registers its uvu tests, runs them with a time limit each, reports the counts, ends.
// Test files use uvu's `test` (not `suite`), so that a test that hangs can be named.

import { join } from 'node:path'

const TEST_TIMEOUT_MS = Number(process.env.TEST_ONE_TIMEOUT_MS ?? 120_000)

type Runner = () => Promise<[errors: string | true, passed: number, skipped: number, total: number]>
const queue: [null, ...Runner[]] = [null]
// uvu's own deferred start is switched off: the queue is run below.
Object.assign(globalThis, { UVU_DEFER: true, UVU_QUEUE: [queue], UVU_INDEX: 0 })

const { test } = await import('uvu')
const report = { passed: 0, failed: 0, skipped: 0, started: '' }
let timer: NodeJS.Timeout | undefined

const send = () => new Promise<void>(resolve => (process.send ? process.send(report, () => resolve()) : resolve()))

test.before.each((context: Record<string, unknown>) => {
  report.started = String(context.__test__)
  process.send?.(report)
  timer = setTimeout(async () => {
    console.error(`\n✗ "${report.started}" took longer than ${TEST_TIMEOUT_MS} ms and was killed`)
    report.failed++
    await send()
    process.exit(1)
  }, TEST_TIMEOUT_MS)
})
test.after.each(() => clearTimeout(timer))

await import(join(process.cwd(), process.argv[2] ?? ''))

for (const run of queue.slice(1) as Runner[]) {
  const [errors, passed, skipped, total] = await run()
  if (errors !== true) console.error(errors)
  report.passed += passed
  report.failed += total - passed
  report.skipped += skipped
}
await send()
process.exit(report.failed > 0 ? 1 : 0)
