import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { assertSound } from '../bad-input/support.ts'
import { cairn, cairnOk, temporaryFolder } from '../support/cairn.ts'

type HostileSource = readonly [name: string, wrong: string, must: string, make: (folder: string) => unknown]
const { sources } = (await import(join(import.meta.dirname, '../fixtures/hostile/sources.mjs'))) as {
  sources: readonly HostileSource[]
}

const work = temporaryFolder('sources')

/** A bug's own exit code, and what the table has for folders of which something could not be added. */
const BUG = 1
/** A terabyte of zeros is nothing to be waited for: the command must be able to give up. */
const PATIENCE: Record<string, string> = { sparse: '2s' }

test(`${sources.length} hostile sources on disk are added or refused, and the repository is sound`, async () => {
  const repo = join(work, 'repo')
  await cairnOk(['init'], { repo })
  const control = join(work, 'control')
  writeFileSync(control, 'sound\n')
  const controlCid = await cairnOk(['add', '-Q', control], { repo })
  let [added, partly, refused, unmade] = [0, 0, 0, 0]
  for (const [name, , , make] of sources) {
    const folder = join(work, name)
    mkdirSync(folder)
    const made = make(folder)
    if (typeof made === 'string') {
      console.log(`SKIP: ${name}: ${made}`)
      unmade++
      continue
    }
    try {
      const ran = await cairn(['add', '-Q', '--timeout', PATIENCE[name] ?? '30s', folder], { repo })
      const said = `${name}: exit ${ran.signal ?? ran.code}\n${ran.stderr}`
      assert.ok(ran.code !== null && ran.code !== BUG, said)
      assert.not.match(ran.stderr, /^\s+at .*[:)]/m, said)
      if (ran.code !== 0) assert.match(ran.stderr, /^error: /m, said)
      if (ran.code === 0) added++
      else if (ran.stdout === '') refused++
      else partly++
    } finally {
      if (typeof made === 'function') made()
      spawnSync('rm', ['-rf', folder])
    }
    await assertSound(repo)
    assert.is(await cairnOk(['add', '-Q', control], { repo }), controlCid)
  }
  console.log(
    `» hostile sources: ${added} added, ${partly} in part (exit 3), ${refused} refused, ${unmade} cannot be made here; check clean after each`,
  )
})

test.run()
