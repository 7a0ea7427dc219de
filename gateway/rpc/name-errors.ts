// What goes wrong with names, in Kubo's words; and content with the names of its node.

import type { ContentApi } from '../../src/api/content.ts'
import type { NameWait } from '../../src/api/names.ts'
import type { CairnNode } from '../../src/api/node.ts'
import { isCairnError } from '../../src/errors.ts'
import { parseName } from '../../src/names/name.ts'
import { failure } from './errors.ts'
import type { NamedContent } from './paths.ts'

/** `offline`: nobody is asked what a name points to, either. */
export function withNames(content: ContentApi, { names }: Pick<CairnNode, 'names'>, offline: boolean): NamedContent {
  return {
    ...content,
    resolveName: async (name, wait) => {
      const { path } = await inKubosWords(name, names.resolve(name, nameWait(wait.signal, offline)))
      return path
    },
  }
}

export const nameWait = (signal: AbortSignal, offline: boolean): NameWait => ({ signal, localOnly: offline })

const NO_TXT =
  'could not resolve name: DNSLink lookup could not find a TXT record (https://docs.ipfs.tech/concepts/dnslink/)'

/** Clients tell names that cannot be resolved from other failures by these. */
export async function inKubosWords<T>(name: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!isCairnError(error, 'NAME_NOT_FOUND') && !isCairnError(error, 'BAD_NAME')) throw error
    throw failure(
      isKey(name) ? 'could not resolve name' : `DNSLink lookup for ${domainOf(name)} failed: ${NO_TXT}`,
      error,
    )
  }
}

const domainOf = (name: string): string => JSON.stringify(`${name.replace(/^\/ipns\//, '')}.`)

function isKey(name: string): boolean {
  try {
    return parseName(name).kind === 'key'
  } catch (error) {
    if (!isCairnError(error)) throw error
    return false
  }
}
