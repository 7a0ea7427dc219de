// Holds an answer against what a case expects: every check that does not hold, in words, and how many were made.

import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { CID } from 'multiformats/cid'
import type { BodyCheck, CarCheck, Expected, HeaderCheck } from './case.ts'
import type { Answer } from './exchange.ts'
import { hashes, readCarCids, readRecord, readTar } from './readers.ts'

export interface Verdict {
  readonly checks: number
  readonly complaints: readonly string[]
}

export function judge(answer: Answer, expected: Expected): Verdict {
  const complaints: string[] = []
  let checks = 0
  const check = (complaint: string | undefined): void => {
    checks++
    if (complaint !== undefined) complaints.push(complaint)
  }
  // A connection that ends early is a failure wherever it is not asked for.
  if (!answer.isWhole && expected.orCut !== true) check('the answer was cut short')
  if (expected.status !== undefined) check(judgeStatus(answer.status, expected.status))
  for (const [name, wanted] of Object.entries(expected.headers ?? {}))
    check(judgeHeader(name, answer.headers.get(name), wanted))
  if (expected.body !== undefined) {
    for (const judgement of judgeBody(answer.body, expected.body)) check(judgement)
  }
  if (expected.anyOf !== undefined) {
    const verdicts = expected.anyOf.map(alternative => judge(answer, alternative))
    const holds = verdicts.find(({ complaints: found }) => found.length === 0)
    checks += Math.max(0, (holds ?? verdicts[0])?.checks ?? 0) - 1
    check(
      holds === undefined
        ? `none of ${verdicts.length} holds: ${verdicts.map(({ complaints: found }) => found.join('; ')).join(' | ')}`
        : undefined,
    )
  }
  return { checks, complaints }
}

function judgeStatus(status: number, wanted: number | readonly [number, number]): string | undefined {
  const [low, high] = typeof wanted === 'number' ? [wanted, wanted] : wanted
  return status >= low && status <= high ? undefined : `status ${status}, not ${low === high ? low : `${low}–${high}`}`
}

function judgeHeader(name: string, value: string | undefined, wanted: HeaderCheck): string | undefined {
  const says = `${name}: ${value ?? '(absent)'}`
  if (wanted === null) return value === undefined || value === '' ? undefined : `${says}, where none may be`
  // Nothing is said where something must not be said.
  if (typeof wanted === 'object' && 'lacks' in wanted)
    return value?.includes(wanted.lacks) ? `${says}, with ${wanted.lacks} in it` : undefined
  if (value === undefined || value === '') return says
  if (wanted === true) return undefined
  if (typeof wanted === 'string') return value === wanted ? undefined : `${says}, not ${wanted}`
  if (wanted instanceof RegExp) return wanted.test(value) ? undefined : `${says}, which is not like ${wanted}`
  const missing = wanted.has.filter(part => !value.toLowerCase().includes(part.toLowerCase()))
  return missing.length === 0 ? undefined : `${says}, without ${missing.join(' and ')}`
}

function* judgeBody(bytes: Buffer, wanted: BodyCheck): Generator<string | undefined> {
  const text = bytes.toString('utf8')
  const shown = JSON.stringify(text.length > 300 ? `${text.slice(0, 300)}…` : text)
  if (wanted.text !== undefined)
    yield text === wanted.text ? undefined : `body ${shown}, not ${JSON.stringify(wanted.text)}`
  if (wanted.hex !== undefined)
    yield bytes.toString('hex') === wanted.hex
      ? undefined
      : `body ${bytes.toString('hex').slice(0, 300)}, not ${wanted.hex}`
  for (const part of wanted.has ?? []) yield text.includes(part) ? undefined : `body ${shown} lacks ${part}`
  for (const part of wanted.lacks ?? []) yield text.includes(part) ? `body ${shown} has ${part}` : undefined
  if (wanted.block !== undefined)
    yield hashes(CID.parse(wanted.block), bytes) ? undefined : `body ${shown} is not the block ${wanted.block}`
  if (wanted.json !== undefined)
    yield attempt(() => isDeepStrictEqual(JSON.parse(text), wanted.json), `JSON in ${shown}`)
  const { car, tar, record } = wanted
  if (car !== undefined) yield* judgeCar(bytes, car)
  if (tar !== undefined) yield* judgeTar(bytes, tar)
  if (wanted.isBrokenTar === true)
    yield attempt(() => readTar(bytes).size >= 0, 'a TAR') === undefined ? 'the body is a TAR, and whole' : undefined
  if (record !== undefined)
    yield attempt(() => readRecord(bytes, record.key) === record.value, `a record with ${record.value}`)
}

/** Undefined if it holds; else what was wanted, and why it could not be read. */
function attempt(holds: () => boolean, what: string): string | undefined {
  try {
    return holds() ? undefined : `the body is not ${what}`
  } catch (error) {
    return `the body is not ${what}: ${error instanceof Error ? error.message : error}`
  }
}

function* judgeCar(bytes: Buffer, { blocks = [], as, digest }: CarCheck): Generator<string | undefined> {
  let cids: string[] = []
  const unread = attempt(() => {
    cids = readCarCids(bytes)
    return true
  }, 'a CAR')
  yield unread
  if (unread !== undefined) return
  if (digest !== undefined) {
    yield cids.length === digest.count ? undefined : `the CAR has ${cids.length} blocks, not ${digest.count}`
    const hash = createHash('sha256').update(cids.join('\n')).digest('hex')
    yield hash === digest.sha256 ? undefined : 'the CAR has other blocks, or in another order'
    return
  }
  const found = as === 'some' ? cids.filter(cid => blocks.includes(cid)) : cids
  const norm = (list: readonly string[]): string =>
    (as === 'order' ? list : as === 'set' ? [...list].sort() : [...new Set(list)].sort()).join(', ')
  yield norm(found) === norm(blocks)
    ? undefined
    : `the CAR has ${cids.join(', ')}; wanted (${as}): ${blocks.join(', ')}`
}

function* judgeTar(bytes: Buffer, wanted: Readonly<Record<string, string | null>>): Generator<string | undefined> {
  let files = new Map<string, string>()
  yield attempt(() => {
    files = readTar(bytes)
    return true
  }, 'a TAR')
  for (const [name, content] of Object.entries(wanted)) {
    const found = files.get(name)
    const holds = found !== undefined && (content === null || found === content)
    yield holds
      ? undefined
      : `the TAR has ${[...files.keys()].join(', ')}; wanted ${name} with ${content ?? 'anything'}`
  }
}
