import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BIN, cairn, cairnOk, temporaryFolder } from '../support/cairn.ts'
import { differences, makeTree } from '../support/files.ts'
import { assertSound, explains } from './support.ts'

const work = temporaryFolder('interrupt')
const MiB = 1024 * 1024
const tree = makeTree(join(work, 'tree'), { seed: 11, count: 3000, maxBytes: 60_000 })

const packBytes = (repo: string): number =>
  readdirSync(join(repo, 'packs')).reduce((sum, name) => sum + statSync(join(repo, 'packs', name)).size, 0)

/** Signals as soon as much has reached the disk, and long before all has. */
async function interruptAdd(repo: string, signal: NodeJS.Signals) {
  const started = Promise.withResolvers<ChildProcess>()
  const running = cairn(['add', tree], { repo, onStart: started.resolve })
  const child = await started.promise
  while (packBytes(repo) < 16 * MiB && child.exitCode === null) await sleep(1)
  child.kill(signal)
  return running
}

for (const [signal, code, says] of [
  ['SIGINT', 130, 'interrupted'],
  ['SIGTERM', 143, 'stopped by SIGTERM'],
] as const) {
  test(`${signal} during add: ${code}, nothing half-pinned, the next run goes on from there`, async () => {
    const repo = join(work, signal)
    await cairnOk(['init'], { repo })
    const ran = await interruptAdd(repo, signal)
    assert.is(ran.code, code, ran.stderr)
    explains(ran.stderr, { says: [says], hint: 'again' })
    assert.is(await cairnOk(['pin', 'ls'], { repo }), '')
    await assertSound(repo)
    const kept = JSON.parse(await cairnOk(['repo', 'stat', '--json'], { repo }))
    assert.ok(kept.blockBytes > 8 * MiB, `${kept.blockBytes} bytes were kept`)

    const root = await cairnOk(['add', '-Q', tree], { repo })
    const whole = JSON.parse(await cairnOk(['repo', 'stat', '--json'], { repo }))
    // What was there is not written again: the packs hold each block once.
    assert.ok(packBytes(repo) < whole.blockBytes * 1.05, `${packBytes(repo)} bytes in packs for ${whole.blockBytes}`)
    assert.match(await cairnOk(['pin', 'ls'], { repo }), `${root} recursive`)
    const copy = join(work, `${signal}-copy`)
    await cairnOk(['get', root, '-o', copy], { repo })
    assert.equal(differences(tree, copy), [])
    await assertSound(repo)
  })
}

test('SIGINT during get leaves no half file', async () => {
  const repo = join(work, 'get')
  const big = await cairnOk(['add', '-Q', '--stdin-name', 'x'], { repo, input: Buffer.alloc(64 * MiB, 7) })
  const target = join(work, 'half')
  const child = spawn(process.execPath, [BIN, 'get', big, '-o', target], {
    env: { ...process.env, CAIRN_REPO: repo, CAIRN_MODE: 'offline' },
  })
  while (statSync(target, { throwIfNoEntry: false }) === undefined && child.exitCode === null) await sleep(1)
  child.kill('SIGINT')
  const [code] = await once(child, 'exit')
  // Whole, if it was faster than we were; never a part.
  if (code !== 0) assert.is(code, 130)
  assert.is(statSync(target, { throwIfNoEntry: false })?.size, code === 0 ? 64 * MiB : undefined)
  await assertSound(repo)
})

test.run()
