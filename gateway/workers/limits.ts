// What the limits of the whole gateway leave for one of its workers.

import type { Config } from '../../src/config/schema.ts'

export function shareOf(config: Config, workers: number): Config {
  const { gateway } = config
  return { ...config, gateway: { ...gateway, maxConnections: Math.ceil(gateway.maxConnections / workers) } }
}
