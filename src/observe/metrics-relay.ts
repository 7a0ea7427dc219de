// Counting across processes: a worker sends by how much its figures have grown, and the process that is asked for them adds them up.

import { addElsewhere, METRICS, type Sample } from './metrics.ts'

export interface MetricDelta extends Sample {
  readonly name: string
}

/** For the worker. */
export class MetricDeltas {
  readonly #sent = new Map<string, number>()

  /** By how much each sample has changed since the last time; those that have not are left out. */
  take(): MetricDelta[] {
    const deltas: MetricDelta[] = []
    for (const { name, samples } of Object.values(METRICS)) {
      for (const { suffix, labels, value } of samples()) {
        const key = `${name}${suffix}${JSON.stringify(labels)}`
        const before = this.#sent.get(key) ?? 0
        if (value === before) continue
        this.#sent.set(key, value)
        deltas.push({ name, suffix, labels, value: value - before })
      }
    }
    return deltas
  }
}

const GAUGES: ReadonlySet<string> = new Set(
  Object.values(METRICS)
    .filter(({ type }) => type === 'gauge')
    .map(({ name }) => name),
)

/** What one other process has told; what it has counted stays when it ends, what it was doing does not. */
export class MetricAccount implements Disposable {
  readonly #gauges = new Map<string, MetricDelta>()

  add(deltas: readonly MetricDelta[]): void {
    for (const delta of deltas) {
      addElsewhere(delta.name, delta)
      if (!GAUGES.has(delta.name)) continue
      const key = `${delta.name}${delta.suffix}${JSON.stringify(delta.labels)}`
      this.#gauges.set(key, { ...delta, value: delta.value + (this.#gauges.get(key)?.value ?? 0) })
    }
  }

  [Symbol.dispose](): void {
    for (const gauge of this.#gauges.values()) addElsewhere(gauge.name, { ...gauge, value: -gauge.value })
    this.#gauges.clear()
  }
}
