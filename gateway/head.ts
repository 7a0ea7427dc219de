// Requests whose head Node's parser lets through and no app should see (spec: gateway §5; RFC 9112 §3.2, §6.1, §11.2).

import type { IncomingMessage } from 'node:http'
import { LIMITS } from '../src/limits.ts'

/** The status of the refusal, or undefined. */
export function refuseHead({ rawHeaders, httpVersionMajor, httpVersionMinor }: IncomingMessage): number | undefined {
  // 0.9 has no headers, and what calls itself 2.0 here is not framed as such.
  if (httpVersionMajor !== 1) return 505
  if (rawHeaders.length / 2 > LIMITS.headerCount.value) return 431
  let hosts = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    // More than one Host is an attack or a mistake.
    if (name.length === 4 && name.toLowerCase() === 'host' && ++hosts > 1) return 400
    if (name.length !== 17 || name.toLowerCase() !== 'transfer-encoding') continue
    if (httpVersionMinor === 0) return 400
    // The parser looks for `chunked` at the end alone: bodies in other codings would be taken for what they are not.
    if (rawHeaders[i + 1]?.toLowerCase() !== 'chunked') return 501
  }
  return undefined
}

/** Bytes that came along with an ignored Upgrade are lost to Node's parser: nobody must wait for an answer to them. */
export const endsConnection = ({ headers }: IncomingMessage): boolean => headers.upgrade !== undefined

export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
