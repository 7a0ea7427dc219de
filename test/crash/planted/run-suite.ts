// One suite in a process of its own, with one planted fault or none; and the tests that hold a list of faults against their suites.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Fault, Suite } from './faults.ts'
import { applyPatch } from './patch.ts'

const ROOT = join(import.meta.dirname, '../../..')
const RUN_ONE = join(ROOT, 'test/support/run-one.ts')
export const LOADER = join(import.meta.dirname, 'load.ts')

/** The same sources again and again. */
const COMPILED = mkdtempSync(join(tmpdir(), 'compiled-'))

interface Ran {
  readonly passed: number
  readonly failed: number
  readonly code: number | null
  readonly output: string
  /** The patches that went in. */
  readonly planted: string
}

async function runSuite({ file, only }: Suite, fault: string): Promise<Ran> {
  const folder = mkdtempSync(join(tmpdir(), 'planted-'))
  const log = join(folder, 'log')
  const child = spawn(process.execPath, [RUN_ONE, file], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      ...process.env,
      TMPDIR: folder,
      TEST_FULL: undefined,
      NODE_COMPILE_CACHE: COMPILED,
      TEST_ONLY: only,
      // With a fault it ends at the first order that shows it.
      RACE_ORDERS: fault === '' ? '12' : '400',
      ...(fault === '' ? {} : { CAIRN_PLANTED: fault, CAIRN_PLANTED_LOG: log, NODE_OPTIONS: `--import=${LOADER}` }),
    },
  })
  let report = { passed: 0, failed: 0 }
  let output = ''
  child.on('message', message => {
    report = message as typeof report
  })
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', chunk => (output += chunk))
  const [code] = await once(child, 'close')
  return { ...report, code, output, planted: fault === '' ? '' : readIfThere(log) }
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // The suite loaded no file that has the fault.
    return ''
  }
}

const nameOf = ({ file, only }: Suite): string => (only === undefined ? file : `${file} “${only}”`)

const suitesOf = ({ suites, slow = [] }: Fault): readonly Suite[] =>
  process.env.TEST_FULL === undefined ? suites : [...suites, ...slow]

/** Registers a test for each fault, one for each suite without any, and one for the text of all patches. */
export function plantedTests(word: string, faults: readonly Fault[], { alsoGreen }: { alsoGreen: boolean }): void {
  const [red, green] = [new Set<string>(), new Set<string>()]
  for (const fault of faults) {
    test(`${word}: ${fault.name}`, async () => {
      for (const suite of suitesOf(fault)) await assertRed(word, fault, suite)
      red.add(fault.name)
    })
  }
  const suites = new Map(faults.flatMap(fault => suitesOf(fault).map(suite => [nameOf(suite), suite] as const)))
  for (const [name, suite] of alsoGreen ? suites : []) {
    test(`without a fault: ${name}`, async () => {
      const ran = await runSuite(suite, '')
      assert.is(ran.failed, 0, `${name}\n${ran.output}`)
      assert.is(ran.code, 0, `${name}\n${ran.output}`)
      assert.ok(ran.passed > 0, `${name} runs something\n${ran.output}`)
      green.add(name)
    })
  }
  test('every patch applies', () => {
    for (const { name, patches } of faults) {
      const sources = new Map<string, string>()
      for (const patch of patches) {
        const source = sources.get(patch.file) ?? readFileSync(join(ROOT, patch.file), 'utf8')
        sources.set(patch.file, applyPatch(name, source, patch))
      }
    }
    const without = alsoGreen ? `; without them ${green.size} of ${suites.size} suites green` : ''
    console.log(`\n» ${word}: ${red.size} of ${faults.length} red, ${faults.length - red.size} green${without}`)
  })
}

async function assertRed(word: string, fault: Fault, suite: Suite): Promise<void> {
  const ran = await runSuite(suite, fault.name)
  assert.not.match(ran.output, 'no longer applies', ran.output.slice(0, 1000))
  for (const { file } of fault.patches)
    assert.ok(ran.planted.includes(`${fault.name} ${file}\n`), `${file} has the fault\n${ran.output.slice(0, 3000)}`)
  assert.ok(ran.failed > 0, `with ${fault.name}, ${nameOf(suite)} is red\n${ran.output.slice(0, 3000)}`)
  // uvu says so of each test that failed by an assertion; whatever else is wrong is not what was planted.
  assert.match(ran.output, /^ +FAIL /m)
  assert.match(
    ran.output,
    /\((?:ok|is|equal|unreachable|match|not|not\.ok)\)|Property failed/,
    `by an assertion\n${ran.output}`,
  )
  console.log(`\n» ${word}: ${fault.name} × ${nameOf(suite)}: red — ${fault.rule}`)
}
