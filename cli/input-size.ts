// How much there is to add, counted beside the work, so that progress can tell what is left.

import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Beyond this nobody waits for a percentage. */
const MAX_ENTRIES = 1_000_000

/** `bytes` is undefined until everything is counted, and stays so where that is not possible. */
export function countInput(
  paths: readonly string[],
  { enabled, hidden, signal }: { enabled: boolean; hidden: boolean; signal: AbortSignal },
): { readonly bytes: number | undefined } {
  const total: { bytes: number | undefined } = { bytes: undefined }
  if (enabled && !paths.includes('-')) {
    void sizeOf(paths, hidden, signal).then(
      bytes => {
        total.bytes = bytes
      },
      // The import itself meets the same trouble and tells it.
      () => {},
    )
  }
  return total
}

async function sizeOf(paths: readonly string[], hidden: boolean, signal: AbortSignal): Promise<number | undefined> {
  const waiting = [...paths]
  let bytes = 0
  let entries = 0
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    signal.throwIfAborted()
    if (++entries > MAX_ENTRIES) return undefined
    const found = await lstat(path)
    if (found.isFile()) bytes += found.size
    if (!found.isDirectory()) continue
    const names = await readdir(path)
    waiting.push(...names.filter(name => hidden || !name.startsWith('.')).map(name => join(path as string, name)))
  }
  return bytes
}
