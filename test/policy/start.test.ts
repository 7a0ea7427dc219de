import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RAW } from '../../src/block/cid.ts'
import { sha256 } from '../../src/block/hash.ts'
import { openNode } from '../../src/node/open.ts'
import { SILENT } from '../../src/observe/log.ts'
import { denyPaths } from '../../src/policy/deny-paths.ts'
import { DenyService } from '../../src/policy/deny-service.ts'
import { cairnOk, startDaemon, temporaryFolder } from '../support/cairn.ts'
import { configOf } from './node.ts'

const RULES = 60_000

function repoWithRules(last: string): string {
  const repo = join(temporaryFolder('deny-start'), 'repo')
  const { folder, own } = denyPaths(repo)
  mkdirSync(folder, { recursive: true })
  const lines = Array.from({ length: RULES }, (_, i) => `//${createHash('sha256').update(`${i}`).digest('hex')}\n`)
  writeFileSync(join(folder, 'large.deny'), lines.join(''))
  writeFileSync(own, `${last}\n`)
  return repo
}

test('lists are read in slices: others have their turns, and nobody who asks meanwhile gets through', async () => {
  const cid = CID.createV1(RAW, sha256(Buffer.from('blocked')))
  const repo = repoWithRules(`/ipfs/${cid}`)
  const options = { repo, config: configOf(repo).deny, log: SILENT, isCommand: false }
  using patient = new DenyService(options)
  let turns = 0
  let isDone = false
  const turn = () => {
    turns++
    if (!isDone) setImmediate(turn)
  }
  setImmediate(turn)
  await patient.load({ signal: new AbortController().signal })
  isDone = true
  // 256 KiB a slice.
  assert.ok(turns > (RULES * 67) / (256 * 1024) / 2, `${turns} turns`)
  assert.is(patient.denylist.check({ cid })?.list, 'own')
  using hasty = new DenyService(options)
  const loading = hasty.load({ signal: new AbortController().signal })
  assert.is(hasty.denylist.check({ cid })?.list, 'own')
  await loading
  assert.is(hasty.denylist.check({ cid })?.list, 'own')
  assert.equal(
    hasty.denylist.lists.map(({ list }) => list.ruleCount),
    [RULES, 1],
  )
})

test('the rules of a daemon are in force when it is there, and its first answer knows them', async () => {
  const cid = CID.createV1(RAW, sha256(Buffer.from('blocked')))
  const repo = repoWithRules(`/ipfs/${cid}`)
  {
    const config = configOf(repo)
    await using node = await openNode({
      repo,
      config,
      log: SILENT,
      role: 'daemon',
      network: 'never',
      createIfMissing: true,
    })
    assert.is(node.deny.files.loaded.length, 2)
    await node.content.stat(cid, { signal: new AbortController().signal }).then(
      () => assert.unreachable(),
      error => assert.is(error.code, 'BLOCKED'),
    )
  }
  await cairnOk(['repo', 'stat'], { repo })
  const daemon = await startDaemon({ repo })
  try {
    assert.is((await fetch(`${daemon.gateway}/ipfs/${cid}`)).status, 410)
  } finally {
    await daemon.stop()
  }
})

test.run()
