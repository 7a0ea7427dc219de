// `cairn repo stat`: how much is stored, from counters: instant at any size.

import type { RepoWriter, ScrubStat } from '../../src/api/repo.ts'
import { formatSize } from '../../src/units.ts'
import { command as define } from '../command.ts'
import { print } from '../print.ts'
import { holderText } from '../view/holders.ts'

export const command = define({
  args: [],
  flags: {
    'size-only': { type: 'boolean', short: 's', doc: 'Print only the size and the most it may be' },
    human: { type: 'boolean', short: 'H', doc: 'Print sizes as 1.5 GiB' },
  },
  examples: ['cairn repo stat', 'cairn repo stat --json'],
  run: async context => {
    const { flags, session } = context
    const node = await session.open({ local: true })
    const stat = node.repo.stat()
    const size = (bytes: number) => (flags.human === true ? formatSize(bytes) : `${bytes} (${formatSize(bytes)})`)
    const sizes = [
      ['On disk', size(stat.diskBytes)],
      ['At most', size(stat.maxBytes)],
    ]
    const rest = [
      ['Blocks', String(stat.blocks)],
      ['Content', size(stat.blockBytes)],
      ['Pins', String(stat.pins)],
      ['Packs', String(stat.packs)],
      ['Writers', stat.writers.length === 0 ? 'none' : stat.writers.map(writerText).join(', ')],
      ['Scrub', scrubText(stat.scrub)],
      ...(stat.holders ?? []).map(holder => ['Held back', holderText(holder)]),
      ['Repository', stat.path],
      ['Version', String(stat.schemaVersion)],
    ]
    print(context, {
      json: stat,
      quiet: String(stat.diskBytes),
      text: (flags['size-only'] === true ? sizes : [...sizes, ...rest])
        .map(([name = '', value]) => `${`${name}:`.padEnd(13)}${value}`)
        .join('\n'),
    })
  },
})

const writerText = ({ pid, stopped }: RepoWriter): string =>
  stopped ? `process ${pid} (stopped: kill -CONT ${pid})` : `process ${pid}`

/** `21 % (2 bad), last complete 2026-11-24 (0 bad)`. */
function scrubText(scrub: ScrubStat | undefined): string {
  const { run, last, repaired = 0 } = scrub ?? {}
  const parts = [
    ...(run === undefined ? [] : [`${run.percent} % (${run.bad} bad)`]),
    last === undefined
      ? 'never complete yet'
      : `last complete ${new Date(last.endedAt).toISOString().slice(0, 10)} (${last.bad} bad)`,
    ...(repaired === 0 ? [] : [`${repaired} repaired so far`]),
  ]
  return parts.join(', ')
}
