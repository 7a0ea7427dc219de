// Names as a node resolves them: IPNS keys and DNSLink domains, to the immutable content that they point to now.

import type { Wait } from '../block/source.ts'
import type { ContentPath } from './content.ts'

/** `static`: from the configuration (`dnslink.static`). */
export type NameSource = 'ipns' | 'dnslink' | 'static'

export interface NameWait extends Wait {
  /** Asks nobody: only what is stored, remembered or configured here. */
  readonly localOnly?: boolean
  /** Records of keys are not searched for in the network; DNS is asked. */
  readonly localRecords?: boolean
}

/** One name and what it points to. */
export interface NameStep {
  /** A key in base36 (`k51…`), or a domain in lower case without its final dot. */
  readonly name: string
  readonly source: NameSource
  /** A content path as it was published: `/ipfs/<cid>/…` or `/ipns/<name>/…`. */
  readonly target: string
  /** How long that stays true, from now on; undefined if nobody says so. */
  readonly ttlSecs: number | undefined
}

export interface ResolvedName {
  readonly path: ContentPath
  /** The smallest of the chain; undefined as soon as one step does not tell. */
  readonly ttlSecs: number | undefined
  /** Of the first step: what kind of name was asked for. */
  readonly source: NameSource
  readonly chain: readonly NameStep[]
}

/** A signed IPNS record that was found valid for its name. */
export interface NameRecord {
  /** As they were stored or sent: signed, hence never encoded again. */
  readonly bytes: Uint8Array
  /** The key in base36. */
  readonly name: string
  readonly value: string
  readonly sequence: bigint
  /** When it ends, as the record says it (RFC 3339, up to nanoseconds), and in milliseconds. */
  readonly validity: string
  readonly validUntilMs: number
  /** As the record says it, unclamped. */
  readonly ttlNs: bigint
  /** How long it may be cached from now on: never longer than it is valid. */
  readonly ttlSecs: number
}

export interface NamesApi {
  /**
   * Follows a name, in any spelling and with or without `/ipns/`, to immutable content.
   * BAD_NAME, NAME_NOT_FOUND, BAD_RECORD, BAD_DNSLINK, NAME_LOOP; UNREACHABLE or TIMEOUT if those who know did not answer.
   */
  resolve(name: string, options: NameWait): Promise<ResolvedName>
  /** One step of it: the target may be another name. */
  step(name: string, options: NameWait): Promise<NameStep>
  /** Whether a domain has a DNSLink; false also if that cannot be found out. For hosts that anyone may send. */
  hasDnslink(domain: string, options: NameWait): Promise<boolean>
  /** The record of a key. BAD_NAME for a domain. */
  record(name: string, options: NameWait): Promise<NameRecord>
  /** Keeps a record, once it is found valid and newer than what is stored; resolves when it is durable. BAD_RECORD, STALE_RECORD. */
  put(name: string, bytes: Uint8Array, options: Wait): Promise<NameRecord>
}
