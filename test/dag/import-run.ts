// Running an import in tests: all its events at once, and what one asks of them.

import type { AddEvent, AddOptions, ImportSource } from '../../src/api/add.ts'
import type { BlockSink } from '../../src/block/source.ts'
import { importSources } from '../../src/dag/import/import.ts'
import { type CairnError, type ErrorCode, isCairnError } from '../../src/errors.ts'
import { CheckingSink } from './checking-sink.ts'
import { neverAborted } from './kubo-flags.ts'

export type Options = Omit<AddOptions, 'signal'> & { readonly signal?: AbortSignal }
type Added = AddEvent & { type: 'added' }

export async function collect(
  sources: readonly ImportSource[],
  options: Options = {},
  sink: BlockSink = new CheckingSink(),
): Promise<AddEvent[]> {
  const events: AddEvent[] = []
  for await (const event of importSources(sources, { signal: neverAborted, ...options }, sink)) events.push(event)
  return events
}

export const added = (events: readonly AddEvent[]): Added[] => events.filter(event => event.type === 'added')
export const names = (events: readonly AddEvent[]): string[] => added(events).map(event => event.name)
export const roots = (events: readonly AddEvent[]): string[] => {
  const last = events.at(-1)
  return last?.type === 'done' ? last.roots.map(String) : []
}

export const thrownBy = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

/** Fails unless the work fails with this code. */
export async function refused(code: ErrorCode, work: Promise<unknown>): Promise<CairnError> {
  const error = await thrownBy(work)
  if (isCairnError(error, code)) return error
  throw error ?? new Error(`it was not refused with ${code}`)
}
