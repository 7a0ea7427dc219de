// What keeps a block, as text: one line for each keeper, and the verdict.

import type { WhyEvent, WhyStep } from '../../src/api/why.ts'
import { escapeName } from '../../src/dag/names.ts'
import { formatDuration, formatSize } from '../../src/units.ts'

const pathText = (path: readonly WhyStep[]): string =>
  path.map(({ link }) => escapeName(link === '' ? '(shard)' : link)).join('/')

const BLOCK_STATES = {
  kept: 'kept',
  cached: 'in the cache',
  bad: 'damaged and put aside; it is mended when it comes in again',
  missing: 'not here',
} as const

const VERDICTS = {
  safe: 'it stays',
  cached: 'nothing keeps it: it goes when its room is needed',
  collectable: 'nothing keeps it: the next `cairn gc` takes it',
  missing: 'it is not here',
} as const

export function whyText(event: WhyEvent, now: number): string {
  switch (event.type) {
    case 'block':
      return blockText(event)
    case 'pin':
      return pinText(event, now)
    case 'files':
      return `files ${escapeName(event.filesPath)}${event.path.length === 0 ? ' (the root)' : ''}`
    case 'name':
      return `name ${escapeName(event.key)} through ${event.root}${event.path.length === 0 ? '' : ` by ${pathText(event.path)}`}`
    case 'operation':
      return `operation ${event.kind} of process ${event.pid}, for ${formatDuration(Math.max(0, now - event.started))}`
    case 'grace':
      return `grace until ${new Date(event.until).toISOString()}, ${formatDuration(Math.max(0, event.until - now))} from now`
    case 'cache':
      return `cache${event.lastUsed === undefined ? '' : `, last used in the hour of ${new Date(event.lastUsed).toISOString()}`}`
    case 'verdict':
      return VERDICTS[event.verdict]
  }
}

function blockText({ cid, state, sizeBytes, place }: WhyEvent & { type: 'block' }): string {
  if (state === 'missing')
    return `${cid} not here${place === 'dead' ? '; its bytes wait to be removed from the disk' : ''}`
  return `${cid} ${BLOCK_STATES[state]}, ${formatSize(sizeBytes)}, place: ${place}`
}

function pinText(
  { root, mode, name, owner, labels, status, expires, path }: WhyEvent & { type: 'pin' },
  now: number,
): string {
  const about = [
    ...(name === '' ? [] : [`"${escapeName(name)}"`]),
    ...(owner === '' ? [] : [`owner ${escapeName(owner)}`]),
    ...Object.entries(labels).map(([key, value]) => escapeName(`${key}=${value}`)),
    ...(status === 'pinned' ? [] : [`(${status})`]),
    ...(expires === undefined ? [] : [`ends in ${formatDuration(Math.max(0, expires - now))}`]),
  ]
  const how = path.length === 0 ? `pin ${mode}` : `pin recursive through ${root} by ${pathText(path)}`
  return [how, ...about].join('  ')
}
