import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BIN, cairnOk, temporaryFolder } from '../support/cairn.ts'
import { canLoop, canMount, inMounts, say, skipped } from './support.ts'

if (!canLoop) skipped('no loop devices here (root and unshare -m), so no disk that turns read-only under a daemon')
if (!canMount) skipped('no mount name spaces here (unshare -rm)')

const COLD = join(import.meta.dirname, 'read-only-cold.ts')
const LOOP = `
node="$1"; script="$2"; work="$3"
truncate -s 96M "$work/image"; mkfs.ext4 -q -F -e remount-ro "$work/image"; mkdir "$work/disk"
mount -o loop,errors=remount-ro "$work/image" "$work/disk"
device=$(basename "$(findmnt -no SOURCE "$work/disk")")
trap 'umount "$work/disk"' EXIT
"$node" "$script" "$work/disk" "$device"`

;(canLoop ? test : test.skip)('a disk that turns read-only under a daemon', async () => {
  await inMounts(LOOP, [join(import.meta.dirname, 'read-only-scenario.ts'), temporaryFolder('ro')], { real: true })
})

/** A repository; `dirty` leaves commits in the WAL, as a process that was killed does. */
async function made(name: string, dirty: boolean): Promise<{ repo: string; cid: string }> {
  const repo = join(temporaryFolder(name), 'repo')
  const cid = await cairnOk(['add', '-Q'], { repo, input: `text of ${name}` })
  if (dirty) {
    const script = `import { DatabaseSync } from 'node:sqlite'
      const database = new DatabaseSync(process.argv[1]); database.exec("INSERT INTO meta VALUES ('dirty', 1)"); process.kill(process.pid, 'SIGKILL')`
    spawnSync(process.execPath, ['--input-type=module', '-e', script, join(repo, 'cairn.db')])
    assert.ok(statSync(join(repo, 'cairn.db-wal')).size > 0, 'commits in the WAL')
  }
  return { repo, cid }
}

for (const dirty of [false, true]) {
  const what = dirty ? 'with commits in the WAL' : 'without a WAL'
  ;(canMount ? test : test.skip)(
    `a read-only mount ${what}, cold: read, and refused where it would be written`,
    async () => {
      const name = dirty ? 'dirty' : 'clean'
      const { repo, cid } = await made(name, dirty)
      const before = readdirSync(repo).sort()
      const script = 'mount --bind "$3" "$3"; mount -o remount,ro,bind "$3"; exec "$1" "$2" "$3" "$4" "$5"'
      const output = await inMounts(script, [COLD, repo, cid, `text of ${name}`])
      assert.match(output, 'all is well')
      assert.equal(readdirSync(repo).sort(), before, 'nothing was left behind')
    },
  )
}
/** Somebody else than the owner, who may only read. */
;(process.getuid?.() === 0 ? test : test.skip)('a folder that this user may not write to', async () => {
  const { repo, cid } = await made('foreign', false)
  const readable = (folder: string) => {
    chmodSync(folder, 0o555)
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) readable(join(folder, entry.name))
      else chmodSync(join(folder, entry.name), 0o444)
    }
  }
  const open = join('/tmp', `cairn-foreign-${process.pid}`)
  mkdirSync(open, { mode: 0o755 })
  try {
    cpSync(repo, join(open, 'repo'), { recursive: true })
    readable(join(open, 'repo'))
    const as = {
      uid: 65534,
      gid: 65534,
      encoding: 'utf8',
      env: { ...process.env, HOME: '/', CAIRN_MODE: 'offline' },
    } as const
    const run = (args: string[]) => spawnSync(process.execPath, [BIN, '--repo', join(open, 'repo'), ...args], as)
    const read = run(['cat', cid])
    assert.is(read.stdout, 'text of foreign', read.stderr)
    for (const args of [['pin', 'rm', cid], ['gc'], ['add', BIN]]) {
      const { status, stderr } = run(args)
      assert.ok([7, 8].includes(status ?? 0), `${args.join(' ')}: ${status} ${stderr}`)
      assert.not.match(stderr, /^\\s+at .*[:)]/m)
    }
  } finally {
    rmSync(open, { recursive: true, force: true })
  }
  say(
    'read-only: mounts cold with and without a WAL, and a folder of another user: read, every write refused, nothing left behind',
  )
})

test.run()
