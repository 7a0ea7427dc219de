// One request of the table "better than Kubo" (spec: gateway §6): what is sent, what Cairn's answer must be, and the answer in a few words.

import type { RawAnswer } from '../support.ts'
import { NOWHERE, type World } from './world.ts'

export interface BetterCase {
  /** Of §6. */
  readonly row: number
  /** What Cairn does. */
  readonly title: string
  /** Both gateways look for what they lack, in vain; otherwise they are offline. */
  readonly isOnline?: boolean
  /** Request line and headers. `PORT` is that of the gateway. */
  send(world: World): string
  /** Fails unless the answer is as the row wants it. */
  check(answer: Answer, world: World): void
  /** What counts in it, for the printed table. */
  tell(answer: Answer, world: World): string
}

export interface Answer extends RawAnswer {
  /** Without the framing of chunks. */
  readonly content: Buffer
  readonly text: string
  /** '' where there is none. */
  header(name: string): string
}

export function readAnswer(answer: RawAnswer): Answer {
  const content = answer.headers.get('transfer-encoding') === 'chunked' ? withoutChunks(answer.body) : answer.body
  return { ...answer, content, text: content.toString(), header: name => answer.headers.get(name) ?? '' }
}

function withoutChunks(body: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; ; ) {
    const end = body.indexOf('\r\n', at)
    const size = Number.parseInt(body.subarray(at, end).toString('latin1'), 16)
    if (end === -1 || !(size > 0)) return Buffer.concat(parts)
    parts.push(body.subarray(end + 2, end + 2 + size))
    at = end + 4 + size
  }
}

/** A GET by path on a host that serves paths only. */
export const get = (target: string, ...headers: readonly string[]): string => on('127.0.0.1', target, ...headers)

export const on = (host: string, target: string, ...headers: readonly string[]): string =>
  [`GET ${target} HTTP/1.1`, `Host: ${host}`, ...headers].join('\n')

export const missing = (query = ''): string => `/ipfs/${NOWHERE}${query}`

/** The status, and those headers of it that are there. */
export function status(answer: Answer, ...names: readonly string[]): string {
  const shown = names.flatMap(name => {
    const value = answer.header(name)
    return value === '' ? [] : [`${title(name)}: ${value}`]
  })
  return [answer.status === 0 ? 'nothing' : String(answer.status), ...shown].join(', ')
}

const title = (name: string): string => name.replace(/(?:^|-)[a-z]/g, letters => letters.toUpperCase())

/** The first line of an error. */
export const firstLine = ({ text }: Answer): string => (text.split('\n', 1)[0] ?? '').slice(0, 120)
