// Random corpora and options against Kubo itself, where there is one: `ipfs` on the PATH or in $CAIRN_PEERS.

import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ImportProfile } from '../../src/api/add.ts'
import { importSources } from '../../src/dag/import/import.ts'
import { isCairnError } from '../../src/errors.ts'
import { randomBytes } from '../support/files.ts'
import { CheckingSink } from './checking-sink.ts'
import { optionsOf } from './kubo-flags.ts'

const RUNS = 40
const kubo = [process.env.CAIRN_PEERS ?? '', ...(process.env.PATH ?? '').split(delimiter)]
  .filter(folder => folder !== '')
  .map(folder => join(folder, 'ipfs'))
  .find(existsSync)

const work = mkdtempSync(join(tmpdir(), 'live-'))

/** What `ipfs add` prints, as lines of name and CID, or that it failed. */
function theirs(repo: string, flags: readonly string[], inputs: readonly string[], cwd: string): string[] | 'failed' {
  const { status, stdout, stderr } = spawnSync(kubo ?? '', ['add', '--pin=false', '--offline', ...flags, ...inputs], {
    cwd,
    env: { ...process.env, IPFS_PATH: repo },
    maxBuffer: 1 << 28,
  })
  // Kubo loses its own root here and there when folders with metadata are wrapped: nothing to compare with.
  fc.pre(!stderr.includes('ipld: could not find'))
  if (status !== 0) return 'failed'
  return [...stdout.toString().matchAll(/^added (\S+) ?(.*)$/gm)].map(([, cid, name]) => `${name} ${cid}`)
}

async function ours(
  flags: readonly string[],
  inputs: readonly string[],
  cwd: string,
  profile: ImportProfile | null,
): Promise<string[] | 'failed'> {
  const { stdinName, ...options } = optionsOf(flags, profile)
  const lines: string[] = []
  try {
    const sources = inputs.map(input => ({ kind: 'path' as const, path: join(cwd, input) }))
    for await (const event of importSources(sources, options, new CheckingSink())) {
      if (event.type === 'failed') return 'failed'
      if (event.type === 'added') lines.push(`${event.name} ${event.cid}`)
    }
  } catch (error) {
    if (isCairnError(error)) return 'failed'
    throw error
  }
  return lines
}

interface Wanted {
  readonly path: readonly string[]
  readonly kind: 'file' | 'link' | 'folder'
  readonly size: number
  readonly seed: number
}

/** Names that `ipfs add` prints as they are. */
const name = fc
  .string({ unit: fc.constantFrom(...'abcXYZ09._- ~'), minLength: 1, maxLength: 10 })
  .filter(text => text.trim() === text && !/^\.+$/.test(text))
const wanted: fc.Arbitrary<Wanted> = fc.record({
  path: fc.array(name, { minLength: 1, maxLength: 4 }),
  kind: fc.constantFrom('file', 'file', 'file', 'link', 'folder'),
  size: fc.oneof(fc.nat(150), fc.nat(5000), fc.nat(1_200_000)),
  seed: fc.nat(),
})

function build(folder: string, entries: readonly Wanted[]): void {
  mkdirSync(join(folder, 'in'), { recursive: true })
  const made: string[] = []
  for (const { path, kind, size, seed } of entries) {
    const place = join(folder, 'in', ...path)
    try {
      mkdirSync(dirname(place), { recursive: true })
      if (kind === 'file') writeFileSync(place, randomBytes(seed)(size), { flag: 'wx' })
      else if (kind === 'link') symlinkSync(`../to/${seed}`, place)
      else mkdirSync(place)
    } catch {
      // It collides with one that is there already: then the tree has one entry less.
      continue
    }
    if (kind !== 'link') made.push(place)
  }
  for (const [i, place] of made.reverse().entries()) {
    chmodSync(place, [0o644, 0o755, 0o700, 0o4755][i % 4] ?? 0o644)
    utimesSync(place, 0, [1, 1.5e9, 1_600_000_000.25, 4e9][i % 4] ?? 0)
  }
}

const flag = (arbitrary: fc.Arbitrary<string>): fc.Arbitrary<string[]> =>
  fc.option(arbitrary, { nil: undefined, freq: 3 }).map(text => (text === undefined ? [] : [text]))
const flags: fc.Arbitrary<string[]> = fc
  .tuple(
    flag(fc.constantFrom('--cid-version=0', '--cid-version=1')),
    flag(fc.constantFrom('--raw-leaves', '--raw-leaves=false')),
    flag(
      fc
        .constantFrom(
          'size-262144',
          'size-1000',
          'size-65536',
          'size-1048576',
          'rabin',
          'rabin-30000',
          'rabin-512-1024-2048',
          'buzhash',
        )
        .map(text => `--chunker=${text}`),
    ),
    flag(
      fc
        .constantFrom('sha2-256', 'sha2-512', 'blake2b-256', 'blake3', 'sha3-256', 'sha1')
        .map(text => `--hash=${text}`),
    ),
    flag(fc.constant('--trickle')),
    flag(fc.constant('--inline')),
    flag(fc.nat(128).map(limit => `--inline-limit=${limit}`)),
    flag(fc.integer({ min: 2, max: 40 }).map(links => `--max-file-links=${links}`)),
    flag(fc.nat(8).map(links => `--max-directory-links=${links}`)),
    flag(fc.constantFrom(8, 16, 64, 1024).map(fanout => `--max-hamt-fanout=${fanout}`)),
    flag(fc.constant('-w')),
    flag(fc.constant('-H')),
    flag(fc.constant('--empty-dirs=false')),
    flag(
      fc.constantFrom('--ignore=*a*', '--ignore=X/', '--ignore=.*', '--ignore=[0-9]*', '--ignore=!a').map(text => text),
    ),
    flag(fc.constant('--preserve-mode')),
    flag(fc.constant('--preserve-mtime')),
    flag(fc.constantFrom('--mode=0640', '--mode=07777')),
    flag(fc.constantFrom('--mtime=1700000000', '--mtime=-5')),
  )
  .map(lists => lists.flat())

/** Mends combinations that both refuse, or nearly all would be: metadata with raw leaves, other hashes with CIDv0. */
function mended(chosen: readonly string[], profile: ImportProfile | null): string[] {
  const has = (pattern: RegExp): boolean => chosen.some(text => pattern.test(text))
  const metadata = has(/^--(preserve|mode|mtime)/)
  const otherHash = has(/^--hash=(?!sha2-256)/)
  return [
    ...chosen.filter(
      text => !(metadata && text.startsWith('--raw-leaves')) && !(otherHash && text === '--cid-version=0'),
    ),
    ...(metadata && profile === 'unixfs-v1-2025' ? ['--raw-leaves=false'] : []),
    ...(otherHash && profile === 'unixfs-v0-2015' && !has(/^--cid-version=1/) ? ['--cid-version=1'] : []),
  ]
}

if (kubo === undefined) {
  console.log('SKIP: random corpora against Kubo: `ipfs` is neither on the PATH nor in $CAIRN_PEERS')
  test.skip('random corpora have the CIDs that Kubo gives them')
} else {
  const repos = new Map<ImportProfile | null, string>()
  for (const profile of [null, 'unixfs-v0-2015', 'unixfs-v1-2025'] as const) {
    const repo = join(work, `repo-${profile}`)
    const init = ['init', '--empty-repo', `--profile=test${profile === null ? '' : `,${profile}`}`]
    execFileSync(kubo, init, { env: { ...process.env, IPFS_PATH: repo }, stdio: 'ignore' })
    repos.set(profile, repo)
  }

  test(`${RUNS} random corpora with random options have the CIDs that Kubo gives them, told in its order`, async () => {
    let failures = 0
    let run = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(wanted, { maxLength: 25 }),
        flags,
        fc.constantFrom(...repos.keys()),
        async (entries, anyFlags, profile) => {
          const chosen = mended(anyFlags, profile)
          const folder = join(work, `run${run++}`)
          build(folder, entries)
          const expected = theirs(repos.get(profile) ?? '', ['-r', ...chosen], ['in'], folder)
          const actual = await ours(chosen, ['in'], folder, profile)
          if (expected === 'failed') failures++
          rmSync(folder, { recursive: true })
          // Below a sharded folder Kubo tells its folders in order of their hashes: compared as sets.
          assert.equal(sorted(actual), sorted(expected), `ipfs add ${chosen.join(' ')} (${profile})`)
          if (!chosen.some(text => text.startsWith('--max-directory-links'))) assert.equal(actual, expected)
        },
      ),
      { seed: Number(process.env.CAIRN_LIVE_SEED ?? 44), numRuns: Number(process.env.CAIRN_LIVE_RUNS ?? RUNS) },
    )
    console.log(`${run} random corpora compared with Kubo, no difference; both refused ${failures}`)
    assert.ok(failures < run / 10, `${failures} of ${run} were refused by both`)
  })
}

const sorted = (lines: string[] | 'failed'): string[] | 'failed' => (lines === 'failed' ? lines : lines.toSorted())

test.after(() => rmSync(work, { recursive: true, force: true }))
test.run()
