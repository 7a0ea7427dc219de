// A record looked at: what it says, and whether it is valid for a name.

import type { Wait } from '../block/source.ts'
import { isCairnError } from '../errors.ts'
import type { KeyName } from './name.ts'
import { type RecordContent, readRecord } from './record.ts'
import { validateRecord } from './validate.ts'

export interface Inspection {
  readonly content: RecordContent
  /** Why it is not valid for the name; '' if it is, or if none was given. */
  readonly invalid: string
}

/** BAD_RECORD for what cannot be read as a record at all. */
export async function inspectRecord(
  bytes: Uint8Array,
  { name, signal }: Wait & { readonly name: KeyName | undefined },
): Promise<Inspection> {
  const content = readRecord(bytes)
  if (name === undefined) return { content, invalid: '' }
  try {
    await validateRecord(name, bytes, { signal })
    return { content, invalid: '' }
  } catch (error) {
    if (!isCairnError(error, 'BAD_RECORD')) throw error
    return { content, invalid: error.message }
  }
}
