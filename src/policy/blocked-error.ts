// The refusal of what a denylist names: neutral words, the rule's id, and the status that the rule asks for.

import type { Rule } from '../api/deny.ts'
import { CairnError } from '../errors.ts'

const MOST_REASON = 300

export class BlockedError extends CairnError {
  override readonly status: 410 | 451
  readonly rule: Rule

  constructor(rule: Rule) {
    // Who is refused for a legal reason is to be told it (RFC 7725 §3); otherwise that is between the node and its list.
    const why = rule.status === 451 && rule.reason !== '' ? `: ${rule.reason.slice(0, MOST_REASON)}` : ''
    super('BLOCKED', `this content is blocked and cannot be provided (rule ${rule.id})${why}`)
    this.status = rule.status
    this.rule = rule
  }
}
