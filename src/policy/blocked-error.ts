// The refusal of what a denylist names: neutral words, the rule's id, and the status that the rule asks for.

import type { Rule } from '../api/deny.ts'
import { CairnError } from '../errors.ts'

export class BlockedError extends CairnError {
  override readonly status: 410 | 451
  readonly rule: Rule

  constructor(rule: Rule) {
    super('BLOCKED', `this content is blocked and cannot be provided (rule ${rule.id})`)
    this.status = rule.status
    this.rule = rule
  }
}
