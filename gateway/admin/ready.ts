// Whether the node is of use now: its repository answers, and can still be written to.

import type { CairnNode } from '../../src/api.ts'

/** '' when it is ready, else the reason why not. */
export async function checkReady(node: CairnNode): Promise<string> {
  const { path } = node.repo.stat()
  return path === '' ? 'no repository' : ''
}
