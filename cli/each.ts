// Doing the same to several things: what fails is told and the rest goes on; the exit code says that not all was done.

import { CairnError, isCairnError, toCairnError } from '../src/errors.ts'
import type { CommandContext, FlagSpecs } from './command.ts'
import { jsonLine } from './print.ts'
import { errorText } from './view/error.ts'

type Where = Pick<CommandContext<FlagSpecs>, 'io' | 'globals' | 'signal'>

/** One alone fails as itself, with its own exit code; of several, PARTIAL. */
export async function forEach<T>(
  items: readonly T[],
  { io, globals, signal }: Where,
  work: (item: T) => Promise<void>,
): Promise<void> {
  if (items.length === 1) return work(items[0] as T)
  let failed = 0
  for (const item of items) {
    try {
      await work(item)
    } catch (error) {
      const known = toCairnError(error)
      // Only what is about this one item is for the next to go on after.
      if (signal.aborted || !isCairnError(error) || known.exit >= 10 || known.code === 'NO_SPACE') throw error
      failed++
      const { code, message, hint } = known
      io.stderr.write(
        globals.json === true
          ? jsonLine({ item: String(item), error: { code, message, hint } })
          : errorText(known, io.stderr, false),
      )
    }
  }
  if (failed > 0) throw new CairnError('PARTIAL', `${failed} of ${items.length} failed`)
}
