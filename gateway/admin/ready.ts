// Whether the node is of use now: its repository answers, and can still be written to.

import type { CairnNode } from '../../src/api/node.ts'
import { toCairnError } from '../../src/errors.ts'

/** '' when it is ready, else the reason why not. */
export async function checkReady(node: Pick<CairnNode, 'repo'>): Promise<string> {
  try {
    // Counters and pins come from the database itself, not from memory.
    const { readOnly = false, readOnlyBecause = 'the repository cannot be written' } = node.repo.stat()
    return readOnly ? readOnlyBecause : ''
  } catch (error) {
    return toCairnError(error).message
  }
}
