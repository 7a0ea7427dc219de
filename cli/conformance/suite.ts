// The official conformance suite, where it is on this machine: found, run against a gateway, counted by the names of its tests.

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Environment } from '../../src/config/paths.ts'
import { CairnError } from '../../src/errors.ts'

export interface OfficialSuite {
  readonly program: string
  /** Where the compiled form finds its fixtures; undefined for the program that compiles it by itself. */
  readonly home: string | undefined
}

export interface SuiteCounts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly failures: readonly string[]
}

const COMPILED = 'gwc.test'
const PROGRAM = 'gateway-conformance'

/** In $CAIRN_PEERS, else on the PATH; the compiled form first, as it needs no Go. */
export function findSuite(env: Environment): OfficialSuite | undefined {
  const folders = [env.CAIRN_PEERS ?? '', ...(env.PATH ?? '').split(delimiter)].filter(folder => folder !== '')
  for (const folder of folders) {
    const program = join(folder, COMPILED)
    const home = homeOf(folder, env)
    if (existsSync(program) && home !== undefined) return { program, home }
  }
  const program = folders.map(folder => join(folder, PROGRAM)).find(path => existsSync(path))
  return program === undefined ? undefined : { program, home: undefined }
}

/** Without its fixtures it ends at its first line. */
function homeOf(folder: string, env: Environment): string | undefined {
  const places = [env.GATEWAY_CONFORMANCE_HOME ?? '', join(dirname(folder), 'src', PROGRAM), folder]
  return places.find(place => place !== '' && existsSync(join(place, 'fixtures')))
}

export interface SuiteTarget {
  readonly gateway: string
  readonly subdomain: string
  readonly env: Environment
  readonly signal: AbortSignal
  /** Every line it prints. */
  readonly onLine: (line: string) => void
}

/** All of it, nothing skipped. INTERNAL if it never came so far as to test anything. */
export async function runSuite(suite: OfficialSuite, target: SuiteTarget): Promise<SuiteCounts> {
  const { gateway, subdomain, signal } = target
  const isCompiled = suite.home !== undefined
  const args = isCompiled
    ? ['-test.v', '-test.count=1']
    : ['test', '--verbose', '--gateway-url', gateway, '--subdomain-url', subdomain, '--', '-count=1']
  const env = {
    ...target.env,
    GATEWAY_URL: gateway,
    SUBDOMAIN_GATEWAY_URL: subdomain,
    ...(isCompiled && { GATEWAY_CONFORMANCE_HOME: suite.home }),
  }
  const child = spawn(suite.program, args, { env, signal, stdio: ['ignore', 'pipe', 'pipe'] })
  const results = new Map<string, string>()
  const readLines = async (stream: NodeJS.ReadableStream): Promise<void> => {
    for await (const marked of createInterface({ input: stream })) {
      // The program has Go mark its own lines, so that what tests print is not taken for them.
      const line = marked.replaceAll('\u0016', '')
      target.onLine(line)
      const [, verdict = '', name = ''] = /^\s*--- (PASS|FAIL|SKIP): (\S+)/.exec(line) ?? []
      if (name !== '') results.set(name, verdict)
    }
  }
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  const [code] = await Promise.all([ended, readLines(child.stdout), readLines(child.stderr)])
  return judge(results, code, suite.program)
}

function judge(results: ReadonlyMap<string, string>, code: number | null, program: string): SuiteCounts {
  const named = (verdict: string) => [...results].filter(([, is]) => is === verdict).map(([name]) => name)
  const failures = named('FAIL')
  const counts = { passed: named('PASS').length, failed: failures.length, skipped: named('SKIP').length, failures }
  if (results.size === 0 || (code !== 0 && failures.length === 0))
    throw new CairnError('INTERNAL', `${program} ended with ${code} after ${results.size} tests`, {
      hint: 'run it by itself to see why; the compiled form needs $GATEWAY_CONFORMANCE_HOME',
    })
  return counts
}
