// Where a running daemon's gateway is: the URL that the daemon left in the repository.

import { readFileSync } from 'node:fs'
import { apiPath, gatewayPath } from '../src/config/paths.ts'
import { findEndpoint } from './rpc-client.ts'

/** Undefined if no daemon runs, or it has no gateway. */
export async function gatewayUrl(repo: string, { signal }: { signal: AbortSignal }): Promise<string | undefined> {
  if ((await findEndpoint(apiPath(repo), { signal })) === undefined) return undefined
  try {
    return readFileSync(gatewayPath(repo), 'utf8').trim() || undefined
  } catch {
    return undefined
  }
}
