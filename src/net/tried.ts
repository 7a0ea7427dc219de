// Why a block could not be had, as an error that names every peer and search that was tried.

import type { CID } from 'multiformats/cid'
import { CairnError } from '../errors.ts'
import type { Answer } from './choose.ts'
import type { Want } from './wants.ts'

/** Peers named one by one; more are counted. */
const NAMED = 8

const SAID: Record<Answer, string> = {
  'asked-block': 'did not send it',
  'asked-have': 'did not answer',
  has: 'has it and did not send it',
  lacks: 'does not have it',
  silent: 'did not answer',
  lied: 'sent other bytes',
}

export interface FetchFailure {
  readonly cid: CID
  /** Why the wait ended: a signal's reason. */
  readonly reason: unknown
  readonly want?: Want
  readonly peers: ReadonlyMap<string, unknown>
}

export function fetchFailure({ cid, reason, want, peers }: FetchFailure): CairnError {
  const name = reason instanceof Error ? reason.name : ''
  if (name !== 'TimeoutError') return new CairnError('CANCELLED', `fetching ${cid} was cancelled`, { cause: reason })
  const tried = whatWasTried(want, peers)
  const answers = [...(want?.answers.values() ?? [])]
  if (answers.includes('has')) return new CairnError('TIMEOUT', `no peer sent ${cid} in time`, { cause: reason, tried })
  return new CairnError('UNREACHABLE', `no peer gave ${cid}`, { cause: reason, tried })
}

function whatWasTried(want: Want | undefined, peers: ReadonlyMap<string, unknown>): string[] {
  const answers = [...(want?.answers ?? [])]
  const lines = answers.slice(0, NAMED).map(([peer, answer]) => `peer ${peer}: ${SAID[answer]}`)
  if (answers.length > NAMED) lines.push(`${answers.length - NAMED} more peers`)
  if (peers.size === 0) lines.push('no peer is connected')
  else if (answers.length === 0) lines.push(`${peers.size} peers are connected, none was asked yet`)
  return [...lines, ...(want?.session.search.found ?? [])]
}
