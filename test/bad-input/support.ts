// How a refusal must look at the real doors: the right code, words that help, no stack, and a repository that is as sound as before.

import * as assert from 'uvu/assert'
import { cairn, type Ran, type RunOptions } from '../support/cairn.ts'

export interface Refusal extends RunOptions {
  readonly code: number
  /** Each must be in what stderr says: what is wrong, and why. */
  readonly says: readonly (string | RegExp)[]
  /** Part of the line that tells what to do. */
  readonly hint: string | RegExp
}

/** Runs `cairn ARGS` and fails the test unless it is refused in that way, with nothing on stdout. */
export async function refused(args: readonly string[], { code, says, hint, ...options }: Refusal): Promise<Ran> {
  const ran = await cairn(args, options)
  const shown = `cairn ${args.join(' ')} ended with ${ran.signal ?? ran.code}:\n${ran.stdout.slice(0, 200)}${ran.stderr}`
  assert.is(ran.code, code, shown)
  assert.is(ran.stdout, '', shown)
  explains(ran.stderr, { says, hint })
  return ran
}

/** `error: WHAT`, then `→ WHAT TO DO`, and no line of a stack. */
export function explains(stderr: string, { says, hint }: Pick<Refusal, 'says' | 'hint'>): void {
  assert.match(stderr, /^error: ./m, stderr)
  for (const text of says) assert.match(stderr, text, stderr)
  const advice = stderr.split('\n').filter(line => line.startsWith('  → '))
  assert.ok(
    advice.some(line => (typeof hint === 'string' ? line.includes(hint) : hint.test(line))),
    `no line says what to do (${hint}):\n${stderr}`,
  )
  assert.not.match(stderr, /^\s+at .*[:)]/m, stderr)
}

/** Every row, pack, file, counter and byte of the repository agrees. */
export async function assertSound(repo: string, env: Record<string, string> = {}): Promise<void> {
  const { code, stdout, stderr } = await cairn(['repo', 'check', '--read-data'], { repo, env })
  assert.is(code, 0, stdout + stderr)
}

export const HELLO = 'bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am'
export const HELLO_DIGEST = '5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03'
/** Of content that nobody has. */
export const ABSENT = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'

export interface Answer {
  readonly status: number
  readonly type: string
  readonly text: string
}

/** What a browser and what a program gets for a path of the gateway. */
export async function ask(
  gateway: string,
  path: string,
  { accept = '*/*' }: { accept?: string } = {},
): Promise<Answer> {
  const response = await fetch(`${gateway}${path}`, { headers: { accept } })
  return { status: response.status, type: response.headers.get('content-type') ?? '', text: await response.text() }
}

/** The gateway refuses alike as a page and as text; each says all of `says`, neither has a stack. */
export async function refusedByGateway(
  gateway: string,
  path: string,
  { status, says }: { status: number; says: readonly (string | RegExp)[] },
): Promise<void> {
  const answers = [await ask(gateway, path), await ask(gateway, path, { accept: 'text/html,*/*;q=0.8' })] as const
  assert.match(answers[0].type, 'text/plain')
  assert.match(answers[1].type, 'text/html')
  assert.match(answers[1].text, 'What you can do')
  for (const answer of answers) {
    assert.is(answer.status, status, answer.text)
    for (const text of says) assert.match(answer.text, text)
    assert.not.match(answer.text, /^\s+at .*[:)]/m)
  }
}

/** An RPC call that must fail: Kubo's error document. */
export async function refusedByRpc(
  api: string,
  call: string,
  says: readonly (string | RegExp)[],
  init: RequestInit = {},
): Promise<void> {
  const response = await fetch(`${api}/api/v0/${call}`, { method: 'POST', ...init })
  const body = await response.text()
  assert.is(response.status, 500, body)
  const document = JSON.parse(body) as { Message: string; Code: number; Type: string }
  assert.is(document.Type, 'error')
  for (const text of says) assert.match(document.Message, text)
}
