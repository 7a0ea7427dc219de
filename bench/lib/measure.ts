// One measured claim: contenders run in turn, results compared, median and range printed, JSON written.

import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')

export interface Contender {
  readonly name: 'cairn' | 'kubo' | 'limit' | (string & {})
  /** The exact command or request, for the reader to repeat. */
  readonly command: string
  /** Not measured, before each run. */
  readonly before?: () => Promise<void> | void
  /** Not measured, after the last run. */
  readonly after?: () => Promise<void>
  /** Measured. Returns the root CID or the hash of the body, so that equal work is compared; undefined if there is none. */
  readonly run: () => Promise<Outcome | undefined> | Outcome | undefined
}

export interface Outcome {
  readonly result?: string
  /** Replaces the measured milliseconds where the contender measures by itself (requests per second). */
  readonly value?: number
  readonly peakMiB?: number
}

export interface Claim {
  readonly name: string
  readonly what: string
  readonly unit?: 'ms' | 'per second'
  /** What the issue asks for, against Kubo in this run. */
  readonly target: string
  readonly state: string
  readonly contenders: readonly Contender[]
  readonly runs?: number
}

export interface Summary {
  readonly name: string
  readonly command: string
  readonly median: number
  readonly min: number
  readonly max: number
  readonly results: readonly string[]
  readonly peakMiB?: number
}

/** BENCH_RUNS: how often instead; BENCH_ONLY: a word that the names of claims must have. */
export async function measure(claim: Claim): Promise<Summary[]> {
  if (!claim.name.includes(process.env.BENCH_ONLY ?? '')) return []
  const runs = Number(process.env.BENCH_RUNS ?? claim.runs ?? 5)
  const samples = new Map<string, { values: number[]; results: Set<string>; peak: number }>(
    claim.contenders.map(({ name }) => [name, { values: [], results: new Set(), peak: 0 }]),
  )
  for (let round = 0; round < runs; round++) {
    for (const contender of claim.contenders) {
      await contender.before?.()
      const startedAt = performance.now()
      const outcome = await contender.run()
      const elapsedMs = performance.now() - startedAt
      const sample = samples.get(contender.name)
      sample?.values.push(outcome?.value ?? elapsedMs)
      if (outcome?.result !== undefined) sample?.results.add(outcome.result)
      if (sample !== undefined && outcome?.peakMiB !== undefined) sample.peak = Math.max(sample.peak, outcome.peakMiB)
    }
  }
  for (const contender of claim.contenders) await contender.after?.()
  const summaries = claim.contenders.map(({ name, command }) => summarise(name, command, samples.get(name)))
  report(claim, runs, summaries)
  return summaries
}

function summarise(
  name: string,
  command: string,
  sample: { values: number[]; results: Set<string>; peak: number } | undefined,
): Summary {
  const sorted = (sample?.values ?? []).toSorted((a, b) => a - b)
  return {
    name,
    command,
    median: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN,
    min: sorted[0] ?? Number.NaN,
    max: sorted.at(-1) ?? Number.NaN,
    results: [...(sample?.results ?? [])],
    ...(sample?.peak ? { peakMiB: sample.peak } : {}),
  }
}

function report(claim: Claim, runs: number, summaries: readonly Summary[]): void {
  const unit = claim.unit ?? 'ms'
  const kubo = summaries.find(({ name }) => name === 'kubo')
  console.log(`\n${claim.name}: ${claim.what} (${claim.state}; ${runs} runs in turn; target ${claim.target})`)
  for (const { name, command, median, min, max, results, peakMiB } of summaries) {
    const ratio = kubo === undefined || name === 'kubo' ? '' : `  ${(median / kubo.median).toFixed(2)} × Kubo`
    const peak = peakMiB === undefined ? '' : `  peak ${Math.round(peakMiB)} MiB`
    console.log(`  ${name.padEnd(16)} ${format(median)} (${format(min)}–${format(max)}) ${unit}${ratio}${peak}`)
    console.log(`  ${''.padEnd(16)} ${command}${results.length > 0 ? `  → ${results.join(' ')}` : ''}`)
  }
  const distinct = new Set(summaries.flatMap(({ results }) => results))
  if (distinct.size > 1) {
    console.log('  DIFFERENT RESULTS: these figures do not compare the same work')
    process.exitCode = 1
  }
  const directory = join(ROOT, 'bench/results')
  mkdirSync(directory, { recursive: true })
  writeFileSync(
    join(directory, `${claim.name}.json`),
    `${JSON.stringify({ ...claim, contenders: undefined, unit, runs, date: new Date().toISOString(), commit: commit(), machine: machine(), summaries }, null, 2)}\n`,
  )
}

const format = (value: number): string => (value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString('en'))

const commit = (): string =>
  execFileSync('git', ['describe', '--always', '--dirty'], { cwd: ROOT, encoding: 'utf8' }).trim()

const machine = () => ({
  node: process.version,
  cpu: cpus()[0]?.model ?? '',
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
})
