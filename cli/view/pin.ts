// A pin as text: what it is, how far it has come, what it waits for, when it is tried again.

import type { Pin, PinState } from '../../src/api/pins.ts'
import { escapeName } from '../../src/dag/names.ts'
import { formatDuration, formatSize } from '../../src/units.ts'
import type { Out } from '../io.ts'

export interface ShownPin {
  readonly pin: Pin
  readonly state: PinState | undefined
}

export interface PinSituation extends ShownPin {
  readonly hasDaemon: boolean
  /** Milliseconds since the epoch. */
  readonly now: number
}

const time = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : new Date(ms).toISOString())

/** For `--json`, in every command the same; what is not known is left out. */
export function pinJson({ pin, state }: ShownPin): object {
  const { id, cid, mode, name, owner, labels, status, created, expires, priority, attempts, retryAt, error } = pin
  return {
    cid,
    type: mode,
    name,
    status,
    created: time(created),
    id,
    owner,
    labels,
    expires: time(expires),
    priority,
    attempts,
    retryAt: time(retryAt),
    error: error === '' ? undefined : error,
    progress: state,
  }
}

/** The first line says what it is, the others, indented, how it stands. */
export function pinLines({ pin, state, hasDaemon, now }: PinSituation, out: Pick<Out, 'style'>): string[] {
  const { cid, mode, status, error } = pin
  const color = status === 'pinned' ? 'green' : status === 'failed' ? 'red' : 'yellow'
  const lines = [[String(cid), out.style(color, status), mode, ...aboutPin(pin, now)].join('  ')]
  if (state !== undefined) lines.push(...progressLines(state))
  else if (status === 'pinning') lines.push(hasDaemon ? 'another process makes it' : 'no daemon runs')
  else if (status === 'queued') lines.push(waitLine(pin, hasDaemon, now))
  else if (status === 'failed') lines.push(`${error}; given up`)
  return lines.map((line, index) => (index === 0 ? line : `  ${escapeName(line)}`))
}

function aboutPin({ name, owner, labels, expires, priority }: Pin, now: number): string[] {
  return [
    ...(name === '' ? [] : [`"${escapeName(name)}"`]),
    ...(owner === '' ? [] : [`owner ${escapeName(owner)}`]),
    ...Object.entries(labels).map(([key, value]) => escapeName(`${key}=${value}`)),
    ...(priority === 0 ? [] : [`priority ${priority}`]),
    ...(expires === undefined ? [] : [expires <= now ? 'has ended' : `ends in ${formatDuration(expires - now)}`]),
  ]
}

function waitLine({ error, attempts, retryAt }: Pin, hasDaemon: boolean, now: number): string {
  const why = error === '' ? '' : `${error}; `
  if (!hasDaemon) return `${why}waits for a daemon: none runs`
  if (retryAt === undefined || retryAt <= now) return `${why}waits for its turn`
  return `${why}try ${attempts + 1} in ${formatDuration(retryAt - now)}`
}

function progressLines({ blocks, bytes, fetched, missing, ...more }: PinState): string[] {
  const { missingAtLeast, bytesPerSecond, totalBytes, etaMs, peers, waiting } = more
  const parts = [
    `${blocks} blocks, ${formatSize(bytes)}${totalBytes === undefined ? '' : ` of about ${formatSize(totalBytes)}`}`,
    `${fetched} fetched`,
    `${missingAtLeast ? 'at least ' : ''}${missing} known missing`,
    ...(bytesPerSecond > 0 ? [`${formatSize(bytesPerSecond)}/s`] : []),
    ...(etaMs === undefined ? [] : [`${formatDuration(etaMs)} left`]),
  ]
  if (waiting !== '') return [parts.join(', '), waiting]
  if (peers === undefined) return [parts.join(', ')]
  const { connected, asked, answered, providers } = peers
  return [
    parts.join(', '),
    `${connected} peers connected, ${providers} providers known, ${asked} asked, ${answered} answered`,
  ]
}
