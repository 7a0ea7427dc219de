// What cold.test.ts does on a disk of its own: each command as the only process on a disk that is full. Arguments: folder, `bytes` or `inodes`.

import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { LIMITS } from '../../src/limits.ts'
import { cairn, cairnOk } from '../support/cairn.ts'
import { makeTree, randomBytes } from '../support/files.ts'
import { Ballast } from './support.ts'

const [disk = '', kind = 'bytes', rounds = '2'] = process.argv.slice(2)
const repo = join(disk, 'repo')
const ballast = new Ballast(disk)
const stuff = join(disk, 'stuff')
const next = randomBytes(13)
const NO_GRACE = ['--config', 'store.grace=0s']
const counts = { commands: 0, refused: 0 }

async function ok(args: readonly string[], input?: string | Uint8Array): Promise<string> {
  counts.commands++
  return cairnOk(args, { repo, ...(input === undefined ? {} : { input }) })
}

/** Either it is done, or it is refused for want of room; the answer is never anything else. */
async function maybe(args: readonly string[], input?: Uint8Array): Promise<string | undefined> {
  counts.commands++
  const { code, stdout, stderr } = await cairn(args, { repo, ...(input === undefined ? {} : { input }) })
  if (code === 0) return stdout.trim()
  assert.is(code, 8, `${args.join(' ')}: ${stderr}`)
  assert.match(stderr, /full|no room|no space/i)
  counts.refused++
  return undefined
}

function fill(leaveBytes: number): void {
  if (kind === 'bytes') {
    ballast.leave(leaveBytes)
    return
  }
  for (let at = 0; ; at++) {
    try {
      writeFileSync(join(stuff, `${at}`), '', { flag: 'wx' })
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOSPC') return
      if (code !== 'EEXIST') throw error
    }
  }
}

function empty(): void {
  ballast.none()
  for (const name of kind === 'inodes' ? readdirSync(stuff) : []) rmSync(join(stuff, name))
}

const keptBytes = next(1_500_000)
const kept = await ok(['add', '-Q', '--chunker', 'size-131072'], keptBytes)
const small = await ok(['add', '-Q'], 'small')
for (let round = 0; round < Number(rounds); round++) {
  const gone = await ok(['add', '-Q', '--chunker', 'size-131072'], next(1_000_000))
  const folder = await ok([
    'add',
    '-Q',
    makeTree(join(disk, '..', `tree-${round}`), { seed: round, count: 30, maxBytes: 9000 }),
  ])
  fill(round * 4096)
  // The only process, cold: reads, then what frees room, then what needs a little.
  assert.is(await ok(['cat', small]), 'small')
  assert.ok((await ok(['dag', 'stat', kept])).length > 0)
  await ok(['pin', 'rm', gone])
  await ok(['gc', ...NO_GRACE])
  await maybe(['pin', 'add', '--name', `again ${round}`, folder])
  const added = await maybe(['add', '-Q'], next(6_000_000))
  if (added !== undefined) await ok(['dag', 'stat', added])
  await ok(['pin', 'ls'])
  assert.is((await cairn(['block', 'stat', gone], { repo })).code, 4, 'what was collected is gone')
  empty()
  await ok(['add', '-Q'], `room again ${round}`)
  assert.is(statSync(join(repo, 'reserve')).size, LIMITS.reserveBytes.value, 'the reserve is whole again')
  await ok(['pin', 'add', '--name', `after ${round}`, folder])
  await ok(['repo', 'check', '--read-data'])
}
console.log(
  `» cold on a full disk (${kind}): ${rounds} times filled, ${counts.commands} commands each alone, ${counts.refused} refused with exit 8; read, unpin and gc always, pins and the reserve when there was room`,
)
