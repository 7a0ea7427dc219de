import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type GoldenCase, goldenCases, writeCorpus } from '../dag/kubo-flags.ts'
import { runCli } from '../support/memory-io.ts'

const corpus = mkdtempSync(join(tmpdir(), 'corpus-'))
await writeCorpus(corpus)
process.chdir(corpus)
test.after(() => rmSync(corpus, { recursive: true, force: true }))

const add = ({ profile, options, inputs, stdin }: GoldenCase) =>
  runCli(['add', '-n', '-Q', '--profile', profile ?? 'kubo-default', ...options, ...inputs], {
    env: { CAIRN_REPO: join(corpus, '../no-repository') },
    ...(stdin !== undefined && { input: readFileSync(stdin) }),
  })

const right = goldenCases().filter(({ cid }) => cid !== undefined)
/** Each test has a time limit of its own, and machines are slow at times. */
const PARTS = 8

for (let part = 0; part < PARTS; part++) {
  test(`the command lines of ipfs, as they are, give its CIDs (${part + 1} of ${PARTS})`, async () => {
    const wrong: string[] = []
    const mine = right.filter((_, index) => index % PARTS === part)
    for (const golden of mine) {
      const { code, stdout, stderr } = await add(golden)
      if (code !== 0 || stdout.trim().split('\n').at(-1) !== golden.cid)
        wrong.push(`${golden.name}: ${code} ${stdout}${stderr}`)
    }
    assert.equal(wrong, [])
    assert.ok(mine.length > 50)
  })
}

test('what ipfs refuses is refused, with words and an exit code of our own', async () => {
  const wrong: string[] = []
  const refused = goldenCases().filter(({ error }) => error !== undefined)
  for (const golden of refused) {
    const { code, stdout, stderr } = await add(golden)
    // A folder needs no -r here.
    const isMeant = golden.name.includes('folder-without-r')
      ? code === 0
      : code > 1 && code < 10 && stdout === '' && /^error: ./.test(stderr)
    if (!isMeant) wrong.push(`${golden.name}: ${code} ${stdout}${stderr}`)
  }
  assert.equal(wrong, [])
  assert.ok(refused.length > 20)
})

test.run()
