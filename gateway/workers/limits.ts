// What the limits of the whole gateway leave for one of its workers.

import { shareOfRate } from '../../src/config/rate.ts'
import type { Config } from '../../src/config/schema.ts'

export function shareOf(config: Config, workers: number): Config {
  const { gateway } = config
  const part = (value: number) => Math.ceil(value / workers)
  return {
    ...config,
    gateway: {
      ...gateway,
      maxConnections: part(gateway.maxConnections),
      maxRequests: part(gateway.maxRequests),
      maxRetrievals: part(gateway.maxRetrievals),
      rate: shareOfRate(gateway.rate, workers),
    },
  }
}
