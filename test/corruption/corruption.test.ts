import { cpSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { FetchBlock } from '../../src/node/sources.ts'
import { repoPaths } from '../../src/store/paths.ts'
import { runCli } from '../support/memory-io.ts'
import { allCases, type DamageCase } from './cases.ts'
import { type Answers, LISTING, openDoors, wrongDoors } from './doors.ts'
import { copyOf, makeSite, openCopy, README } from './site.ts'

const FULL = process.env.TEST_FULL !== undefined
/** Every so many-th case of a region, beginning at one that changes from day to day. */
const STEP = FULL ? 1 : 71
const OFFSET = FULL ? 0 : Math.floor(Date.now() / 86_400_000) % STEP

interface Finding {
  readonly type: string
  readonly severity?: string
  readonly kind?: string
  readonly what?: string
  readonly how?: string
  readonly repaired?: boolean
}

const NONE = Buffer.alloc(0)
const site = await makeSite()
const spare = copyOf(site.repo)

async function check(
  repo: string,
  args: readonly string[] = [],
): Promise<{ code: number; findings: Finding[]; text: string }> {
  const argv = ['repo', 'check', '--read-data', '--json', ...args]
  const { code, stdout, stderr } = await runCli(argv, { env: { CAIRN_REPO: repo, CAIRN_MODE: 'offline' } })
  const lines = stdout.split('\n').filter(line => line !== '')
  const findings = lines.map(line => JSON.parse(line) as Finding).filter(({ type }) => type === 'finding')
  return { code, findings, text: stdout + stderr }
}

async function answersOf(repo: string, fetchBlock?: FetchBlock): Promise<Answers> {
  let given: Answers = new Map()
  try {
    await using node = await openCopy(repo, fetchBlock)
    given = await openDoors(node, site)
  } catch {
    // It says that it cannot be opened, and serves nothing; or at its end that it could not store.
  }
  return given
}

function damaged({ region, does }: DamageCase): string {
  const copy = copyOf(region === 'wal' ? site.unflushed : site.repo)
  does(copy)
  return copy
}

const tally = {
  cases: 0,
  answers: 0,
  wrongCount: 0,
  wrong: [] as string[],
  found: 0,
  harmless: 0,
  repaired: 0,
  read: 0,
  failures: [] as string[],
}

/** What is in the index and the pins, as far as it says anything; undefined if that cannot be read. */
async function contentOf(repo: string): Promise<string | undefined> {
  try {
    await using node = await openCopy(repo)
    const { database } = node.store
    const tables = [
      'SELECT hex(mh), size, crc, kept, links, pack, at FROM blocks',
      'SELECT hex(mh), hex(cid), mode, status FROM pins ORDER BY id',
    ]
    return JSON.stringify(tables.map(sql => database.all(sql)))
  } catch {
    return undefined
  }
}

const whole = await contentOf(copyOf(site.repo))

async function run(damage: DamageCase): Promise<void> {
  tally.cases++
  const copy = damaged(damage)
  const look = damaged(damage)
  const before = await contentOf(look)
  rmSync(dirname(look), { recursive: true })
  const given = await answersOf(copy)
  tally.answers += given.size
  const wrong = wrongDoors(truth, given).map(each => `${damage.name}: ${each}`)
  tally.wrongCount += wrong.length
  tally.wrong.push(...wrong)
  // A copy that nobody has read: reading it may have put aside what was bad.
  const unread = damaged(damage)
  const { code, findings } = await check(unread)
  const isFound = code !== 0 || findings.length > 0
  if (isFound) tally.found++
  else if (before === whole || damage.region === 'wal') tally.harmless++
  else tally.failures.push(`${damage.name}: not found`)
  for (const [how, repo] of [
    ['after a check', unread],
    ['after reads', copy],
  ] as const) {
    const outcome = await repairFrom(repo, damage)
    if (outcome === '') tally.repaired++
    else tally.failures.push(`${damage.name}, ${how}: ${outcome}`)
  }
  rmSync(dirname(copy), { recursive: true })
  rmSync(dirname(unread), { recursive: true })
}

/** '' if afterwards all is well. */
async function repairFrom(repo: string, { region }: DamageCase): Promise<string> {
  const repair = await check(repo, ['--repair', '--from', spare])
  // What stood in the WAL alone is gone with it, and nothing remembers it.
  if (repair.code !== 0) return `not repaired: ${repair.text}`
  const after = await check(repo)
  const errors = after.findings.filter(({ severity }) => severity === 'error')
  if (after.code !== 0 || errors.length > 0) return `not clean: ${after.text}`
  const given = await answersOf(repo)
  const wrong = wrongDoors(truth, given)
  if (wrong.length > 0) return `wrong: ${wrong.join('; ')}`
  if (region === 'wal') return ''
  if (given.get(LISTING)?.bytes.equals(truth.get(LISTING)?.bytes ?? NONE) !== true) return 'another listing'
  const missing = [...truth].filter(
    ([door, { status }]) => status !== given.get(door)?.status || given.get(door)?.whole !== true,
  )
  return missing.length === 0
    ? ''
    : `not given: ${missing.map(([door]) => `${door} ${given.get(door)?.status}`).join('; ')}`
}

const truth = await answersOf(copyOf(site.repo))

test('undamaged, every door gives an answer', () => {
  assert.ok(truth.size > 40)
  for (const [door, { status, whole: all }] of truth)
    assert.ok(status >= 200 && status < 300 && all, `${door} ${status}`)
  const listing = String(truth.get(LISTING)?.bytes)
  for (const name of site.files.keys()) assert.match(listing, `>${name}</a>`)
  assert.match(listing, String(site.files.get(README)).slice(8, 600))
})

test('a listing that says anything else than the truth counts as wrong', () => {
  const listing = truth.get(LISTING)
  const page = String(listing?.bytes)
  const first = /<li>.*<\/li>\n/.exec(page)?.[0] ?? ''
  const isWrong = (bytes: string, whole = true) =>
    wrongDoors(truth, new Map([[LISTING, { status: 200, bytes: Buffer.from(bytes), whole }]])).length > 0
  assert.not.ok(isWrong(page) || isWrong(page.slice(0, 1000), false))
  assert.not.ok(isWrong(page.replace(/<section.*?<\/section>/s, '')), 'no README is no wrong one')
  assert.not.ok(isWrong(page.replace('<li><svg role="img" aria-label="file"><use href="#file"/>', FOLDER)))
  for (const [from, to] of [
    [first, ''],
    [first, first + first],
    ['>many<', '>more<'],
    [/[?]filename=one/, '?filename=two'],
    [/(ipfs-hash.*ipfs\/bafk.*)(..)([?]filename=two)/, '$1aa$3'],
    ['2.4 MiB', '2.5 MiB'],
    ['<h2 id="readme">', '<h2 id="readme">x'],
    [/(class="md">.{40})./s, '$1!'],
    ['4 entries', '5 entries'],
    [String(site.root), String(site.single)],
  ] as const) {
    assert.is.not(page.replace(from, to), page, `${from} is there`)
    assert.ok(isWrong(page.replace(from, to)), `${from}`)
  }
  assert.ok(isWrong(page.slice(0, 1000)))
})

const FOLDER = '<li class="d"><svg role="img" aria-label="folder"><use href="#folder"/>'

for (const [region, cases] of Map.groupBy(allCases(site), ({ region: its }) => its)) {
  test(`${region} damaged: nothing wrong is served, all of it is found, and mended from a copy`, async () => {
    for (const damage of sampled(cases)) await run(damage)
    const { wrong, failures } = tally
    assert.equal([wrong.splice(0), failures.splice(0)], [[], []])
  })
}

test('what all of it came to', () => {
  const { cases, wrongCount, answers, found, harmless, repaired } = tally
  console.log(
    `\n» corruption: ${cases} cases, ${wrongCount} wrong bytes served in ${answers} answers, ${found} found (${harmless} more changed nothing that counts), ${repaired} repaired of ${2 * cases} with a source`,
  )
  assert.is(found + harmless, cases)
})

const sampled = (cases: readonly DamageCase[]): DamageCase[] =>
  cases.filter((_, index) => index % STEP === OFFSET % Math.min(STEP, cases.length))

/** A read with somebody to ask needs no repair: what it gets is right, and stored again. */
test('a plain read mends what it meets, where there is a source', async () => {
  const regions = ['pack', 'file', 'inline']
  const cases = [...Map.groupBy(allCases(site), ({ region }) => region)].flatMap(([region, all]) =>
    regions.includes(region) ? sampled(all) : [],
  )
  let left = 0
  await using other = await openCopy(spare)
  for (const damage of cases) {
    const copy = damaged(damage)
    const given = await answersOf(copy, (cid, wait) => other.store.get(cid, wait))
    assert.equal(wrongDoors(truth, given), [], damage.name)
    const isRefused = (status = 0) => damage.staysForReads === 'no folder' && status >= 500
    const bad = [...truth].filter(([door, { status }]) => {
      const its = given.get(door)?.status
      return its !== status && !isRefused(its)
    })
    assert.equal(
      bad.map(([door]) => `${door} ${given.get(door)?.status}`),
      [],
      damage.name,
    )
    if (damage.staysForReads === 'unmounted') await mountAgain(copy, damage)
    const lost = (await check(copy)).findings.filter(({ kind = '' }) => LOST.has(kind))
    if (damage.staysForReads !== undefined) left++
    if (damage.staysForReads === 'unseen') assert.equal(kindsOf(lost), ['wrong-size'], damage.name)
    else if (damage.staysForReads !== 'no folder') assert.equal(lost, [], damage.name)
    rmSync(dirname(copy), { recursive: true })
  }
  console.log(
    `\n» corruption, plain reads: ${cases.length - left} of ${cases.length} cases mended by reading, ${left} left as they are: a disk to be mounted, a folder to be made, bytes behind the end`,
  )
})

/** Nothing was put aside or forgotten meanwhile: the index is as it was. */
async function mountAgain(repo: string, { name }: DamageCase): Promise<void> {
  assert.is(await contentOf(repo), whole, name)
  for (const folder of ['packs', 'blocks'] as const)
    cpSync(repoPaths(site.repo)[folder], repoPaths(repo)[folder], { recursive: true })
}

const kindsOf = (findings: readonly Finding[]) => findings.map(({ kind }) => kind)
const LOST = new Set(['missing-bytes', 'bad-hash', 'wrong-size', 'quarantined', 'incomplete-pin'])

test.run()
