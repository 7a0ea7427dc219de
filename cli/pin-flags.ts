// What can be said of a pin on the command line: name, owner, labels, priority, and when it ends.

import type { PinMeta } from '../src/api/pins.ts'
import { CairnError } from '../src/errors.ts'
import { readLabels } from '../src/pins/labels.ts'
import type { FlagValues } from './command.ts'
import { defined } from './print.ts'

export const PIN_FLAGS = {
  name: { type: 'string', short: 'n', value: 'TEXT', doc: 'A name for the pin' },
  owner: { type: 'string', value: 'TEXT', doc: 'Who wants it; the same content may be pinned for several owners' },
  label: { type: 'string', value: 'KEY=VALUE', multiple: true, doc: 'A label to find it by; may be given again' },
  priority: { type: 'number', value: 'N', doc: 'Higher goes first in the queue (default 0)' },
  'expires-in': { type: 'duration', value: 'TIME', doc: 'Ends by itself after that long, such as 30d' },
  'expires-at': { type: 'string', value: 'DATE', doc: 'Ends by itself then, such as 2027-01-31 or 2027-01-31T12:00Z' },
} as const

export function metaOf(flags: FlagValues<typeof PIN_FLAGS>, now: number = Date.now()): PinMeta {
  const { name, owner, priority, label } = flags
  return defined({
    name,
    owner,
    priority,
    labels: label === undefined ? undefined : readLabels(label),
    expires: expiryOf(flags, now),
  })
}

function expiryOf(flags: FlagValues<typeof PIN_FLAGS>, now: number): number | undefined {
  const { 'expires-in': inMs, 'expires-at': at } = flags
  if (inMs !== undefined && at !== undefined)
    throw new CairnError('USAGE', '--expires-in and --expires-at exclude each other')
  if (inMs !== undefined) return Math.round(now + inMs)
  if (at === undefined) return undefined
  const time = Date.parse(at)
  if (Number.isNaN(time))
    throw new CairnError('USAGE', `--expires-at: "${at}" is no date`, { hint: 'write it as 2027-01-31T12:00Z' })
  if (time <= now) throw new CairnError('USAGE', `--expires-at: ${new Date(time).toISOString()} has passed`)
  return time
}
