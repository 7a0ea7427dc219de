// What the configuration says of pins, as the pins want it.

import type { Config } from '../config/schema.ts'
import { DEFAULT_BACKOFF } from '../pins/clock.ts'
import type { PinsOptions } from '../pins/pins-context.ts'
import { parseDuration, parseSize } from '../units.ts'

export function pinOptions({
  pins,
  store,
}: Config): Pick<PinsOptions, 'caps' | 'concurrency' | 'patienceMs' | 'backoff' | 'graceMs'> {
  return {
    caps: {
      pinBlocks: pins.maxBlocks,
      pinDepth: pins.maxDepth,
      pinBytes: parseSize(pins.maxBytes),
      pinTimeMs: parseDuration(pins.maxTime),
    },
    concurrency: pins.concurrency,
    patienceMs: parseDuration(pins.patience),
    backoff: { ...DEFAULT_BACKOFF, firstMs: parseDuration(pins.retry) },
    graceMs: parseDuration(store.grace),
  }
}
