// What the daemon and a gateway worker say to each other: plain data over their private channel, errors as data too.

import type { NodeId, PeerInfo } from '../../src/api/network.ts'
import type { RoutedPeer } from '../../src/api/routing.ts'
import type { FetchState } from '../../src/block/source.ts'
import type { Config } from '../../src/config/schema.ts'
import { CairnError, type ErrorCode, toCairnError } from '../../src/errors.ts'
import type { LogLevel } from '../../src/observe/log.ts'
import type { LogRecord } from '../../src/observe/log-relay.ts'
import type { MetricDelta } from '../../src/observe/metrics-relay.ts'
import type { Statement } from '../../src/store/store.ts'

/** The first thing that a worker is told. */
export interface WorkerStart {
  readonly type: 'start'
  readonly repo: string
  /** Where numbers are meant for the whole gateway, the worker's share of them. */
  readonly config: Config
  readonly logLevel: LogLevel
  /** The listening sockets it was started with. */
  readonly sockets: readonly number[]
}

/** What a worker can ask for: its question, and each of the events that answer it. */
export interface Questions {
  /** CIDs as bytes. Null: too many bytes are on their way already; it is in the repository now. A state before a failure. */
  readonly block: {
    readonly asked: { readonly root: Uint8Array; readonly cid: Uint8Array }
    event: Uint8Array | null | { readonly state: FetchState }
  }
  readonly records: { readonly asked: { readonly key: string }; event: readonly Uint8Array[] }
  readonly noteUse: { readonly asked: readonly Statement[]; event: true }
  readonly id: { readonly asked: null; event: NodeId }
  readonly peers: { readonly asked: null; event: readonly PeerInfo[] }
  readonly providers: { readonly asked: { readonly cid: Uint8Array }; event: RoutedPeer }
  readonly peer: { readonly asked: { readonly cid: Uint8Array }; event: RoutedPeer }
  readonly closest: { readonly asked: { readonly cid: Uint8Array }; event: RoutedPeer }
}

export type Topic = keyof Questions

export type Question = {
  [T in Topic]: { readonly type: 'ask'; readonly id: number; readonly topic: T; readonly asked: Questions[T]['asked'] }
}[Topic]

export type FromWorker =
  | Question
  /** `timedOut`: it ran out of patience and still wants to know what was tried; else nobody waits any more. */
  | { readonly type: 'cancel'; readonly id: number; readonly timedOut: boolean }
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly failure: Failure }
  | { readonly type: 'log'; readonly record: LogRecord }
  | { readonly type: 'metrics'; readonly deltas: readonly MetricDelta[] }

export type FromDaemon =
  | WorkerStart
  | { readonly type: 'event'; readonly id: number; readonly event: unknown }
  | { readonly type: 'end'; readonly id: number; readonly failure?: Failure }
  | { readonly type: 'stop'; readonly drainMs: number }

/** An error as data: a structured clone would lose its code, its hint and what was tried. */
export interface Failure {
  readonly code: ErrorCode
  readonly message: string
  readonly hint: string
  readonly tried: readonly string[]
  readonly cause: string
}

export function packFailure(error: unknown): Failure {
  const { code, message, hint, tried, cause } = toCairnError(error)
  return { code, message, hint, tried, cause: cause instanceof Error ? cause.message : '' }
}

export function unpackFailure({ code, message, hint, tried, cause }: Failure): CairnError {
  return new CairnError(code, message, { hint, tried, ...(cause !== '' && { cause: new Error(cause) }) })
}
