import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { FAULTS } from './planted/faults.ts'
import { applyPatch } from './planted/patch.ts'
import { LOADER, plantedTests } from './planted/run-suite.ts'

const READER = join(import.meta.dirname, '../../src/store/read/reader.ts')

// Without them the same tests run as suites of their own.
plantedTests('planted', FAULTS, { alsoGreen: process.env.TEST_FULL !== undefined })

test('a planted fault is in the command line, and in a thread', () => {
  const folder = mkdtempSync(join(tmpdir(), 'planted-'))
  const cli = join(import.meta.dirname, 'source-cli.ts')
  const repo = join(folder, 'repo')
  const run = (args: readonly string[], fault: string, log: string) =>
    spawnSync(process.execPath, args, {
      encoding: 'utf8',
      env: {
        ...process.env,
        CAIRN_REPO: repo,
        CAIRN_PLANTED: fault,
        CAIRN_PLANTED_LOG: join(folder, log),
        NODE_OPTIONS: `--import=${LOADER}`,
      },
    })
  const logged = (log: string) => readFileSync(join(folder, log), 'utf8')
  assert.is(run([cli, 'init'], '', 'none').status, 0)
  assert.is(run([cli, 'repo', 'stat'], 'crc-off', 'cli').status, 0)
  assert.is(logged('cli'), 'crc-off src/store/read/reader.ts\n')
  const thread = `new (require('node:worker_threads').Worker)(${JSON.stringify(READER)}).on('error', error => { throw error })`
  assert.is(run(['-e', thread], 'crc-off', 'thread').status, 0)
  assert.is(logged('thread'), 'crc-off src/store/read/reader.ts\n')
  assert.is.not(run([cli, 'version'], 'nobody knows it', 'unknown').status, 0)
})

test('a fault whose text is gone, or not the only one, is told of', () => {
  const patch = { file: 'src/version.ts', find: 'such text', replace: '' }
  assert.throws(() => applyPatch('nothing', 'some text', patch), /no longer applies/)
  assert.throws(() => applyPatch('twice', 'such text, such text', patch), /no longer applies/)
  assert.is(applyPatch('once', 'such text?', patch), '?')
})

test.run()
