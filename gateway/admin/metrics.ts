// What /metrics says: the counters of this process, and what can be read at the moment of asking.

import type { CairnNode } from '../../src/api/node.ts'
import type { ScrubStat } from '../../src/api/repo.ts'
import { METRICS, reading, renderMetrics } from '../../src/observe/metrics.ts'
import { VERSION } from '../../src/version.ts'

export function metricsText(node: CairnNode): string {
  const repo = node.repo.stat()
  const { user, system } = process.cpuUsage()
  const memory = process.memoryUsage()
  return (
    `# HELP cairn_build_info The version that runs\n# TYPE cairn_build_info gauge\ncairn_build_info{version="${VERSION}"} 1\n` +
    renderMetrics([
      reading('process_uptime_seconds', 'Time since the process started', () => process.uptime()),
      reading('process_cpu_seconds', 'Processor time used', () => (user + system) / 1e6),
      reading('process_resident_memory_bytes', 'Memory in use', () => memory.rss),
      reading('nodejs_heap_size_used_bytes', 'JavaScript heap in use', () => memory.heapUsed),
      reading('cairn_store_blocks', 'Blocks in the repository', () => repo.blocks),
      reading('cairn_store_block_bytes', 'Bytes of these blocks', () => repo.blockBytes),
      reading('cairn_store_disk_bytes', 'Disk that the repository takes', () => repo.diskBytes),
      reading('cairn_store_max_bytes', 'Disk that it may take', () => repo.maxBytes),
      reading('cairn_store_packs', 'Pack files', () => repo.packs),
      reading('cairn_store_writers', 'Processes with the repository open for writing', () => repo.writers.length),
      ...scrubReadings(repo.scrub),
      reading('cairn_pins', 'Pins in every status', () => repo.pins),
      ...Object.values(METRICS),
    ])
  )
}

function scrubReadings(scrub: ScrubStat | undefined) {
  const { last, run, repaired = 0 } = scrub ?? {}
  return [
    reading('cairn_scrub_progress_percent', 'How far a scrub is; 0 if none is under way', () => run?.percent ?? 0),
    reading(
      'cairn_scrub_last_end_seconds',
      'When the last complete scrub ended, Unix time',
      () => (last?.endedAt ?? 0) / 1000,
    ),
    reading('cairn_scrub_last_bad_blocks', 'Damaged blocks that the last complete scrub found', () => last?.bad ?? 0),
    reading('cairn_scrub_repaired_blocks', 'Damaged blocks that scrubs of this repository got back', () => repaired),
  ]
}
