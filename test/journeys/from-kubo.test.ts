import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cairn, cairnOk, temporaryFolder } from '../support/cairn.ts'
import { makeTree } from '../support/files.ts'

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/from-kubo.md'), 'utf8')
const rows = [...PAGE.matchAll(/^\| `ipfs ([^`]+)` \| `cairn ([^`]+)` \|/gm)].map(match => ({
  kubo: match[1] ?? '',
  ours: match[2] ?? '',
}))

const work = temporaryFolder('from-kubo')
const repo = join(work, 'repo')
const folder = makeTree(join(work, 'folder'), { seed: 5, count: 60 })
const names: Record<string, string> = { FILE: join(folder, 'd0/f1'), FOLDER: folder, CAR: join(work, 'root.car') }

test('every line of the table is a command that works', async () => {
  assert.ok(rows.length >= 20, `only ${rows.length} lines were read from the page`)
  names.CID = await cairnOk(['add', '-Q', names.FILE ?? ''], { repo })
  names.ROOT = await cairnOk(['add', '-Q', folder], { repo })
  await cairnOk(['dag', 'export', names.ROOT, '-o', names.CAR ?? ''], { repo })
  for (const { ours } of rows) {
    names.OUT = join(work, `out-${Math.random().toString(36).slice(2)}`)
    const ran = await cairn(fill(ours), { repo })
    assert.is(ran.code, 0, `cairn ${ours}: ${ran.stderr}`)
  }
})

const kubo = [process.env.CAIRN_PEERS ?? '', ...(process.env.PATH ?? '').split(delimiter)]
  .map(place => join(place, 'ipfs'))
  .find(path => existsSync(path))

if (kubo === undefined) {
  console.log(
    'SKIP: the same lines with Kubo, and content moved both ways: `ipfs` is neither on the PATH nor in $CAIRN_PEERS',
  )
  test.skip('content moves from Kubo and back')
} else {
  test('content moves from Kubo and back, and the CIDs are the same', async () => {
    const env = { ...process.env, IPFS_PATH: join(work, 'kubo') }
    const ipfs = (args: string[], input?: Buffer) =>
      execFileSync(kubo, args, { env, input, maxBuffer: 1 << 28, stdio: ['pipe', 'pipe', 'ignore'] })
    ipfs(['init', '--empty-repo', '--profile=test'])
    const root = String(ipfs(['add', '-r', '-Q', folder])).trim()
    assert.is(root, await cairnOk(['add', '-n', '-Q', '--profile', 'unixfs-v0-2015', folder], { repo }))
    const car = ipfs(['dag', 'export', root])
    const second = join(work, 'second')
    await cairnOk(['dag', 'import', '-'], { repo: second, input: car })
    const back = join(work, 'back.car')
    await cairnOk(['dag', 'export', root, '-o', back], { repo: second })
    assert.ok(readFileSync(back).equals(car), 'the CARs differ')
    rmSync(env.IPFS_PATH, { recursive: true })
    ipfs(['init', '--empty-repo', '--profile=test'])
    assert.is(spawnSync(kubo, ['dag', 'import'], { env, input: readFileSync(back) }).status, 0)
  })
}

function fill(command: string): string[] {
  return command.split(' ').map(word => names[word] ?? word)
}

test.run()
