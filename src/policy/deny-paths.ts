// Where a repository has its denylists: the operator's files, the one that `cairn deny` writes, copies of what is subscribed to.

import { createHash } from 'node:crypto'
import { join } from 'node:path'

export interface DenyPaths {
  readonly folder: string
  /** Written by `cairn deny add`; stronger than all others. */
  readonly own: string
  readonly subscribed: string
  /** What was refused, where and by which rule. */
  readonly log: string
}

export const denyPaths = (repo: string): DenyPaths => ({
  folder: join(repo, 'denylists'),
  own: join(repo, 'denylists', OWN),
  subscribed: join(repo, 'denylists', 'subscribed'),
  log: join(repo, 'denylists', 'refused.log'),
})

export const OWN = 'own.deny'

export const subscribedFile = (repo: string, url: string): string =>
  join(denyPaths(repo).subscribed, `${createHash('sha256').update(url).digest('hex').slice(0, 16)}.deny`)

/** What is known of the copy: its ETag, when it was asked for, what went wrong. */
export const subscribedState = (repo: string, url: string): string =>
  subscribedFile(repo, url).replace(/\.deny$/, '.json')
