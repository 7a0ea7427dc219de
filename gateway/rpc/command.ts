// What an RPC command is: its arguments and options as data, and one function from a call to a reply.

import type { CID } from 'multiformats/cid'
import type { CairnNode } from '../../src/api/node.ts'
import type { BodyPart } from './multipart.ts'
import type { NamedContent } from './paths.ts'

export interface Argument {
  readonly name: string
  readonly optional?: boolean
  readonly many?: boolean
}

export type OptionKind = 'bool' | 'int' | 'int64' | 'uint' | 'string'

export interface Option<T> {
  readonly kind: OptionKind
  readonly fallback: T
  /** Other names, short ones included. */
  readonly aliases: readonly string[]
}

export type Options = Readonly<Record<string, Option<unknown>>>
export type Values<O extends Options> = { readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never }

const option =
  <T>(kind: OptionKind) =>
  <F extends T | undefined>(fallback: F, ...aliases: string[]): Option<F extends undefined ? T | undefined : T> => ({
    kind,
    fallback: fallback as F extends undefined ? T | undefined : T,
    aliases,
  })

export const bool = option<boolean>('bool')
export const int = option<number>('int')
export const int64 = option<number>('int64')
export const uint = option<number>('uint')
export const text = option<string>('string')

export type Encoding = 'json' | 'text' | 'xml'

export interface Call<O extends Options> {
  readonly node: CairnNode
  /** The node's content; with `offline=true` what is on its disk and nothing else. */
  readonly content: NamedContent
  readonly args: readonly string[]
  readonly options: Values<O>
  readonly offline: boolean
  readonly encoding: Encoding
  /** Aborted when the client goes away, when `timeout` is over, and when the node stops. */
  readonly signal: AbortSignal
  /** A CID in the base that the caller asked for. */
  formatCid(cid: CID): string
  /** The files of a multipart body, one after the other. */
  files(): AsyncIterable<BodyPart>
  /** Stops the daemon once the reply is out. */
  shutdown(): void
}

export type Reply =
  | { readonly kind: 'value'; readonly value: unknown }
  /** Object stream: one document a line. */
  | { readonly kind: 'values'; readonly values: AsyncIterable<unknown> }
  | {
      readonly kind: 'bytes'
      readonly type: string
      /** X-Content-Length. */
      readonly length?: number
      readonly content: AsyncIterable<Uint8Array>
    }
  /** One document in another encoding than JSON. */
  | { readonly kind: 'encoded'; readonly type: string; readonly body: string }
  | { readonly kind: 'nothing' }

export interface Command {
  readonly args: readonly Argument[]
  readonly options: Options
  /** Name of the file argument that the body must bring. */
  readonly file: string | undefined
  run(call: Call<Options>): Reply | Promise<Reply>
}

interface Definition<O extends Options> {
  readonly args?: readonly Argument[]
  readonly options?: O
  readonly file?: string
  readonly run: (call: Call<O>) => Reply | Promise<Reply>
}

/** Keeps the types of the options inside the command; the router sees them as data. */
export function command<const O extends Options = Record<never, never>>(definition: Definition<O>): Command {
  const { args = [], options = {} as O, file, run } = definition
  return { args, options, file, run: call => run(call as Call<O>) }
}

export const value = (document: unknown): Reply => ({ kind: 'value', value: document })
export const values = (documents: AsyncIterable<unknown>): Reply => ({ kind: 'values', values: documents })
