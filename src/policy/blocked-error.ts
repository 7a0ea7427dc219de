// The refusal of what a denylist names: neutral words, the rule's id, and the status that the rule asks for.

import { CairnError } from '../errors.ts'

/** A rule as those who are refused may see it. */
export interface Rule {
  /** `<list>:<line>`. */
  readonly id: string
  readonly list: string
  readonly line: number
  readonly status: 410 | 451
  /** As the rule or its list says; '' if it says nothing. */
  readonly reason: string
  /** Who had it blocked, a URL (RFC 7725); '' if nobody is named. */
  readonly blockedBy: string
}

export class BlockedError extends CairnError {
  override readonly status: 410 | 451
  readonly rule: Rule

  constructor(rule: Rule) {
    super('BLOCKED', `this content is blocked and cannot be provided (rule ${rule.id})`)
    this.status = rule.status
    this.rule = rule
  }
}
