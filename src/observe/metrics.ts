// Counters, gauges and histograms of this process, and their text form for Prometheus. No dependency, so that counting costs an addition.

export type Labels = Readonly<Record<string, string>>

export interface Sample {
  readonly suffix: string
  readonly labels: Labels
  readonly value: number
}

interface Metric {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  samples(): Iterable<Sample>
}

export interface Counter extends Metric {
  /** Labels must come from the program (a status, a listener), never from a request: each set is kept for ever. */
  add(amount?: number, labels?: Labels): void
}

export interface Histogram extends Metric {
  observe(value: number): void
}

const NO_LABELS: Labels = {}

/** A value that goes up and, for gauges, down. */
function sum(name: string, type: 'counter' | 'gauge', help: string): Counter {
  let plain: number | undefined
  const labelled = new Map<string, { labels: Labels; value: number }>()
  return {
    name,
    type,
    help,
    add(amount = 1, labels = NO_LABELS) {
      if (labels === NO_LABELS) {
        plain = (plain ?? 0) + amount
        return
      }
      const key = Object.values(labels).join('\u0000')
      const known = labelled.get(key)
      if (known === undefined) labelled.set(key, { labels, value: amount })
      else known.value += amount
    },
    *samples() {
      if (plain !== undefined || labelled.size === 0) yield { suffix: '', labels: NO_LABELS, value: plain ?? 0 }
      for (const { labels, value } of labelled.values()) yield { suffix: '', labels, value }
    },
  }
}

export const counter = (name: string, help: string): Counter => sum(name, 'counter', help)
export const gauge = (name: string, help: string): Counter => sum(name, 'gauge', help)

/** A gauge that is read only when somebody asks. */
export function reading(name: string, help: string, read: () => number): Metric {
  return { name, type: 'gauge', help, samples: () => [{ suffix: '', labels: NO_LABELS, value: read() }] }
}

/** `bounds` ascending; the last bucket, +Inf, is implied. */
export function histogram(name: string, help: string, bounds: readonly number[]): Histogram {
  const counts = new Array<number>(bounds.length + 1).fill(0)
  let total = 0
  return {
    name,
    type: 'histogram',
    help,
    observe(value) {
      const at = bounds.findIndex(bound => value <= bound)
      const bucket = at === -1 ? bounds.length : at
      counts[bucket] = (counts[bucket] ?? 0) + 1
      total += value
    },
    *samples() {
      let below = 0
      for (const [index, count] of counts.entries()) {
        below += count
        yield { suffix: '_bucket', labels: { le: String(bounds[index] ?? '+Inf') }, value: below }
      }
      yield { suffix: '_sum', labels: NO_LABELS, value: total }
      yield { suffix: '_count', labels: NO_LABELS, value: below }
    },
  }
}

const SECONDS = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60]

/** What Cairn counts as it goes; what can be read at the moment of asking is in `gateway/admin/metrics.ts`. */
export const METRICS = {
  corruptBlocks: counter('cairn_corrupt_blocks_total', 'Stored blocks whose bytes were found damaged or missing'),
  repairedBlocks: counter('cairn_repaired_blocks_total', 'Damaged blocks that were fetched again and stored'),
  scrubbedBlocks: counter('cairn_scrubbed_blocks_total', 'Blocks that scrubs have read and hashed'),
  scrubbedBytes: counter('cairn_scrubbed_bytes_total', 'Bytes of the blocks that scrubs have read and hashed'),
  gcRuns: counter('cairn_gc_runs_total', 'Collections that ended'),
  gcRemovedBlocks: counter('cairn_gc_removed_blocks_total', 'Blocks that collections removed'),
  gcRemovedBytes: counter('cairn_gc_removed_bytes_total', 'Bytes of the blocks that collections removed'),
  gcSeconds: histogram('cairn_gc_seconds', 'Duration of a collection', SECONDS),
  fetchedBlocks: counter('cairn_fetched_blocks_total', 'Blocks that came from peers'),
  fetchedBytes: counter('cairn_fetched_bytes_total', 'Bytes of the blocks that came from peers'),
  refused: counter('cairn_refused_total', 'What denylists have refused, by door'),
  gatewayRefused: counter(
    'cairn_gateway_refused_total',
    'Requests to the gateway that its limits and rules refused, by why',
  ),
  gatewayRetrieving: gauge('cairn_gateway_retrieving', 'Requests to the gateway that wait for the network now'),
  httpResponses: counter('cairn_http_responses_total', 'Answers by listener and status'),
  httpInFlight: gauge('cairn_http_in_flight', 'Requests being answered now, by listener'),
  workers: gauge('cairn_gateway_workers', 'Gateway workers that serve now'),
  workerRestarts: counter('cairn_gateway_worker_restarts_total', 'Gateway workers that ended and were replaced'),
  httpAborted: counter('cairn_http_aborted_total', 'Answers broken off after their head, by listener'),
} as const

export interface Collection {
  readonly removedBlocks: number
  readonly removedBytes: number
  readonly ms: number
}

export function countCollection({ removedBlocks, removedBytes, ms }: Collection): void {
  METRICS.gcRuns.add()
  METRICS.gcRemovedBlocks.add(removedBlocks)
  METRICS.gcRemovedBytes.add(removedBytes)
  METRICS.gcSeconds.observe(ms / 1000)
}

/** What other processes of this node have counted, by metric and sample. */
const elsewhere = new Map<string, Map<string, Sample>>()

export function addElsewhere(name: string, { suffix, labels, value }: Sample): void {
  const samples = elsewhere.get(name) ?? new Map<string, Sample>()
  elsewhere.set(name, samples)
  const key = suffix + renderLabels(labels)
  samples.set(key, { suffix, labels, value: (samples.get(key)?.value ?? 0) + value })
}

export function renderMetrics(metrics: Iterable<Metric>): string {
  let text = ''
  for (const { name, type, help, samples } of metrics) {
    text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`
    const others = new Map(elsewhere.get(name))
    for (const { suffix, labels, value } of samples()) {
      const key = suffix + renderLabels(labels)
      text += `${name}${key} ${value + (others.get(key)?.value ?? 0)}\n`
      others.delete(key)
    }
    for (const [key, { value }] of others) text += `${name}${key} ${value}\n`
  }
  return text
}

function renderLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${value.replace(/[\\"\n]/g, escapeLabel)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

const escapeLabel = (char: string): string => (char === '\n' ? '\\n' : `\\${char}`)
