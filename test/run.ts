// The test runner: every *.test.ts under test/ in a process of its own, with a time limit, and one plain closing line.
// uvu's own runner keeps all files in one process, lets a file without run() pass and waits for open handles for ever.

import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { basename, join, relative } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const RUN_ONE = join(import.meta.dirname, 'support/run-one.ts')
/** Suites with scripts of their own: `npm run test:<name>` runs `node test/run.ts <name>`. */
const SLOW = new Set(['browser', 'interop', 'conformance-official', 'soak'])
/** `--full`: the long budget of suites that sample in `npm test`. */
const FULL = process.argv.includes('--full')
/** Compiled once for all files and their children: a third of what a short test costs. Not where system calls are counted. */
const COMPILED = mkdtempSync(join(tmpdir(), 'cairn-compiled-'))
const TRACED = /^test\/(?:crash|faults|store\/migrate)/
const FILE_TIMEOUT_MS = Number(process.env.TEST_TIMEOUT_MS ?? (FULL ? 1_200_000 : 300_000))

interface Outcome {
  readonly file: string
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly ms: number
  readonly output: string
}

interface Report {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly started: string
}

function findTests(wanted: readonly string[]): string[] {
  const all = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.test.ts') && !name.startsWith('fixtures'))
    .map(name => join('test', name))
    .sort()
  if (wanted.length > 0) return all.filter(file => wanted.some(word => file.includes(word)))
  return all.filter(file => !SLOW.has(file.split('/')[1] ?? ''))
}

/** Runs one file; its counts come over IPC, so that a file which registers nothing is seen. */
function runFile(file: string): Promise<Outcome> {
  const home = mkdtempSync(join(tmpdir(), 'cairn-test-'))
  const startedAt = performance.now()
  const child = spawn(process.execPath, [RUN_ONE, file], {
    cwd: ROOT,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A test never touches the user's own folders.
    env: {
      ...process.env,
      HOME: home,
      XDG_DATA_HOME: join(home, 'data'),
      XDG_CONFIG_HOME: join(home, 'config'),
      TMPDIR: home,
      NO_COLOR: '1',
      CAIRN_REPO: join(home, 'repo'),
      ...(TRACED.test(file) ? {} : { NODE_COMPILE_CACHE: COMPILED }),
      ...(FULL ? { TEST_FULL: '1', TEST_ONE_TIMEOUT_MS: '1200000' } : {}),
    },
  })
  let report: Report = { passed: 0, failed: 0, skipped: 0, started: '' }
  let output = ''
  let timedOut = false
  child.on('message', message => {
    report = message as Report
  })
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', chunk => {
      if (output.length < 200_000) output += chunk
    })
  }
  const timer = setTimeout(() => {
    timedOut = true
    killGroup(child.pid)
  }, FILE_TIMEOUT_MS)
  return new Promise(resolve => {
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      killGroup(child.pid)
      rmSync(home, { recursive: true, force: true })
      const ms = performance.now() - startedAt
      const complaint = complain({ report, code, signal, timedOut })
      resolve({
        file,
        ...report,
        failed: report.failed + (complaint === '' || report.failed > 0 ? 0 : 1),
        ms,
        output: complaint + output,
      })
    })
  })
}

function complain({
  report,
  code,
  signal,
  timedOut,
}: {
  report: Report
  code: number | null
  signal: string | null
  timedOut: boolean
}): string {
  if (timedOut) return `killed after ${FILE_TIMEOUT_MS} ms while running: ${report.started || 'nothing yet'}\n`
  if (report.passed + report.failed + report.skipped === 0)
    return 'this file registered no test (is test.run() missing?)\n'
  if (code !== 0 && report.failed === 0)
    return `ended with ${signal ?? `exit code ${code}`} during or after: ${report.started}\n`
  return ''
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // it has ended by itself
  }
}

async function main(): Promise<void> {
  const words = process.argv.slice(2).filter(word => word !== '--full')
  const files = findTests(words)
  const outcomes: Outcome[] = []
  const queue = [...files]
  const lane = async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const outcome = await runFile(file)
      outcomes.push(outcome)
      const counts = `${outcome.passed} passed${outcome.failed ? `, ${outcome.failed} FAILED` : ''}${outcome.skipped ? `, ${outcome.skipped} skipped` : ''}`
      console.log(`${outcome.failed ? '✗' : '✓'} ${relative('test', file)} — ${counts} (${Math.round(outcome.ms)} ms)`)
      // A test reports a figure by a line that begins with »; the rest of its output matters only when something is wrong.
      for (const line of outcome.output.match(/^» .*/gm) ?? []) console.log(`    ${line}`)
      if (outcome.failed > 0 || outcome.skipped > 0) console.log(outcome.output.replace(/^/gm, '    '))
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, availableParallelism()) }, lane))
  rmSync(COMPILED, { recursive: true, force: true })
  const sum = (key: 'passed' | 'failed' | 'skipped') => outcomes.reduce((total, outcome) => total + outcome[key], 0)
  if (files.length === 0) console.log(`no test file matches ${words.map(word => basename(word))}`)
  console.log(
    `${sum('passed')} passed, ${sum('failed') + (files.length === 0 ? 1 : 0)} failed, ${sum('skipped')} skipped`,
  )
  process.exitCode = sum('failed') > 0 || files.length === 0 ? 1 : 0
}

await main()
