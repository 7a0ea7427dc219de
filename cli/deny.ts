// What the commands about denylists share: the lists of this repository, read now, and a rule in words.

import type { Rule } from '../src/api/deny.ts'
import { escapeName } from '../src/dag/names.ts'
import { DenyService } from '../src/policy/deny-service.ts'
import { checkRepoExists } from '../src/store/repo.ts'
import type { Session } from './session.ts'

/** Reads the files as a daemon would; NO_REPO if there is no repository. */
export function openLists(session: Session): DenyService {
  checkRepoExists(session.repo)
  return listsOf(session)
}

/** The same where the repository may lack its database. */
export function listsOf(session: Session): DenyService {
  return new DenyService({
    repo: session.repo,
    config: session.config().config.deny,
    log: session.log.part('deny'),
    isCommand: true,
  })
}

export const ruleText = ({ id, status, reason }: Rule): string =>
  `${escapeName(id)} (${status})${reason === '' ? '' : `: ${escapeName(reason)}`}`
