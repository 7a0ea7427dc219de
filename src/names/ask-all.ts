// Several sources of records asked at once: the newest valid record of what comes soon after the first.

import type { NameRecord } from '../api/names.ts'
import type { Wait } from '../block/source.ts'
import { CairnError, isCairnError } from '../errors.ts'
import type { KeyName } from './name.ts'
import { compareRecords, validateRecord } from './validate.ts'

/** Asks others for the records of a key; what they say has still to be validated. NAME_NOT_FOUND, TIMEOUT, UNREACHABLE. */
export type FindRecord = (name: KeyName, options: Wait) => Promise<readonly Uint8Array[]>

/** The others are given so long to come up with a newer one. */
const SETTLE_MS = 2000

/** NAME_NOT_FOUND if all say that there is none; else the first failure. */
export async function askAll(sources: readonly FindRecord[], name: KeyName, { signal }: Wait): Promise<NameRecord> {
  const settled = new AbortController()
  const stop = AbortSignal.any([signal, settled.signal])
  let timer: NodeJS.Timeout | undefined
  const ask = async (source: FindRecord): Promise<NameRecord> => {
    const record = await newestValid(name, await source(name, { signal: stop }), { signal: stop })
    timer ??= setTimeout(() => settled.abort(), SETTLE_MS)
    return record
  }
  const outcomes = await Promise.allSettled(sources.map(ask))
  clearTimeout(timer)
  const records = outcomes.flatMap(outcome => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  const best = newestOf(records)
  if (best !== undefined) return best
  const errors = outcomes.flatMap(outcome => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []))
  throw errors.find(error => !isCairnError(error, 'NAME_NOT_FOUND')) ?? errors[0] ?? noRecord(name)
}

async function newestValid(name: KeyName, answers: readonly Uint8Array[], wait: Wait): Promise<NameRecord> {
  const records: NameRecord[] = []
  let refused: unknown
  for (const bytes of answers) {
    try {
      records.push(await validateRecord(name, bytes, wait))
    } catch (error) {
      if (!isCairnError(error, 'BAD_RECORD')) throw error
      refused = error
    }
  }
  const best = newestOf(records)
  if (best === undefined) throw refused ?? noRecord(name)
  return best
}

const newestOf = (records: readonly NameRecord[]): NameRecord | undefined =>
  records.reduce<NameRecord | undefined>(
    (best, record) => (best === undefined || compareRecords(best, record) < 0 ? record : best),
    undefined,
  )

export const noRecord = (name: KeyName): CairnError =>
  new CairnError('NAME_NOT_FOUND', `could not resolve name: there is no record of ${name.text}`)
