import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cairnOk, startDaemon, temporaryFolder } from '../support/cairn.ts'

/** No process has it: numbers end far below. */
const DEAD_PID = 2 ** 22 + 1

/** A temporary file of each kind that a process which died may have left, and one of this process. */
function leave(repo: string): { dead: string[]; living: string } {
  mkdirSync(join(repo, 'blocks/AB'), { recursive: true })
  const dead = [
    `config.json.${DEAD_PID}.tmp`,
    `api.${DEAD_PID}.tmp`,
    `identity.key.${DEAD_PID}-11111111-2222.tmp`,
    'blocks/AB/.999999-1.tmp',
  ].map(name => join(repo, name))
  const living = join(repo, `gateway.${process.pid}.tmp`)
  for (const file of [...dead, living]) writeFileSync(file, 'half')
  return { dead, living }
}

const left = (files: readonly string[]) => files.filter(file => existsSync(file))

test('a collection removes what dead processes left half-written, and nothing of the living', async () => {
  const repo = join(temporaryFolder('left'), 'repo')
  await cairnOk(['init'], { repo })
  const { dead, living } = leave(repo)
  await cairnOk(['gc'], { repo })
  assert.equal(left(dead), [])
  assert.ok(existsSync(living))
})

test('so does a daemon that starts', async () => {
  const repo = join(temporaryFolder('left'), 'repo')
  await cairnOk(['init'], { repo })
  const { dead, living } = leave(repo)
  const daemon = await startDaemon({ repo })
  for (let i = 0; i < 500 && left(dead).length > 0; i++) await new Promise(resolve => setTimeout(resolve, 20))
  assert.equal(left(dead), [])
  assert.ok(existsSync(living))
  await daemon.stop()
})

test.run()
