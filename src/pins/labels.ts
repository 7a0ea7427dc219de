// Labels of a pin: `key=value` pairs, as JSON in its row and as text where people write them.

import type { Labels } from '../api/pins.ts'
import { CairnError } from '../errors.ts'
import { enforce } from '../limits.ts'

/** Sorted by key, so that the same labels are the same text; empty for none. */
export function formatLabels(labels: Labels): string {
  const entries = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))
  if (entries.length === 0) return ''
  const text = JSON.stringify(Object.fromEntries(entries))
  enforce('pinLabelBytes', Buffer.byteLength(text), 'labels of a pin')
  return text
}

/** What a row has; nothing for what was never written by Cairn. */
export function parseLabels(text: string): Labels {
  if (text === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    return isLabels(value) ? value : {}
  } catch {
    // Told by nobody else, and no reason to hide the pin.
    return {}
  }
}

export const isLabels = (value: unknown): value is Labels =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every(label => typeof label === 'string')

/** `team=web`, each given once. USAGE for anything else. */
export function readLabels(words: readonly string[]): Labels {
  const labels: Record<string, string> = Object.create(null)
  for (const word of words) {
    const at = word.indexOf('=')
    if (at < 1) throw new CairnError('USAGE', `"${word}" is not a label`, { hint: 'write it as --label key=value' })
    labels[word.slice(0, at)] = word.slice(at + 1)
  }
  return { ...labels }
}
