// Replays what Kubo answered to recorded calls. `node test/gateway/rpc-transcripts.test.ts` prints what is left out, and why.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findRoute } from '../../gateway/rpc/route.ts'
import { RPC_COMMANDS } from '../../gateway/rpc/table.ts'
import { startApi } from './api-support.ts'
import { DIFFERENT, LATER_PAGES } from './rpc-differences.ts'

interface Transcript {
  readonly name: string
  readonly setup?: readonly string[]
  readonly prepare?: boolean
  readonly request: { readonly method: string; readonly path: string }
}

interface Difference {
  readonly what: string
  readonly want: unknown
  readonly got: unknown
}

type Variables = Record<string, string>
type Answer = { readonly body: Buffer }

interface Replayer {
  baseVars(base: string): Variables
  perform(base: string, request: Transcript['request'], variables: Variables): Promise<Answer>
  capture(transcript: Transcript, body: Buffer, variables: Variables): void
  compare(transcript: Transcript, answer: Answer, variables: Variables): readonly Difference[]
}

const FIXTURES = join(import.meta.dirname, '../fixtures/rpc')
const GROUPS = [
  'add',
  'block',
  'cat-get-ls',
  'config',
  'dag',
  'errors-csrf',
  'files',
  'misc',
  'name-key',
  'pin',
  'repo-stats',
  'swarm-id-version',
]

const replayer = (await import(join(FIXTURES, 'replay.mjs'))) as Replayer

/** Why a transcript is not compared; '' if it is. What needs a missing command, directly or in its setup, cannot run. */
function reasonsOf(transcripts: readonly Transcript[]): Map<string, string> {
  const reasons = new Map<string, string>()
  for (const { name, setup = [], request } of transcripts) {
    const broken = setup.find(earlier => reasons.get(earlier)?.startsWith('needs'))
    const own = missingCommand(request)
    const reason = own !== '' ? `needs ${own}` : broken !== undefined ? (reasons.get(broken) ?? '') : ''
    reasons.set(name, reason || (DIFFERENT[name] ?? ''))
  }
  return reasons
}

/** The command that a call asks for, if we do not have it yet. Calls that Kubo refuses, too, ask for none. */
function missingCommand({ method, path }: Transcript['request']): string {
  if (LATER_PAGES.includes(path)) return path
  if (method !== 'POST' || !path.startsWith('/api/v0/') || findRoute(RPC_COMMANDS, path) !== undefined) return ''
  const name = path.slice('/api/v0/'.length)
  return /^$|nope|version\/extra/.test(name) ? '' : name
}

async function replay(group: string, transcripts: readonly Transcript[]) {
  const api = await startApi({ network: 'alone' })
  const variables = replayer.baseVars(api.url)
  const reasons = reasonsOf(transcripts)
  const wrong: string[] = []
  let passed = 0
  for (const transcript of transcripts) {
    const { name } = transcript
    const reason = reasons.get(name) ?? ''
    if (reason.startsWith('needs')) continue
    const answer = await replayer.perform(api.url, transcript.request, variables).catch(error => {
      throw new Error(`${name}: ${error.message}`, { cause: error })
    })
    replayer.capture(transcript, answer.body, variables)
    if (transcript.prepare === true) continue
    const differences = replayer.compare(transcript, answer, variables)
    if (reason !== '' && differences.length === 0) wrong.push(`${name}: is listed as different, and is not`)
    if (reason !== '') continue
    if (differences.length === 0) passed++
    for (const { what, want, got } of differences) wrong.push(`${name}: ${what}\n  - ${want}\n  + ${got}`)
  }
  await api.close()
  report(group, reasons, passed)
  return wrong
}

function report(group: string, reasons: ReadonlyMap<string, string>, passed: number): void {
  const byReason = Map.groupBy(
    [...reasons].filter(([, reason]) => reason !== ''),
    ([, reason]) => reason,
  )
  console.log(`${group}: ${passed} passed`)
  for (const [reason, names] of byReason)
    console.log(`  not compared, ${reason}: ${names.map(([name]) => name).join(' ')}`)
}

for (const group of process.env.G?.split(',') ?? GROUPS) {
  const transcripts = JSON.parse(readFileSync(join(FIXTURES, `${group}.json`), 'utf8')) as Transcript[]
  const reasons = reasonsOf(transcripts)
  if (![...reasons.values()].includes('')) continue
  test(`transcripts of ${group}`, async () => {
    const wrong = await replay(group, transcripts)
    assert.is(wrong.join('\n'), '')
  })
}

test.run()
