// DNS messages (RFC 1035): a question for TXT records, and what an answer to it says.

import { CairnError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { TxtAnswer } from './dnslink.ts'

const TXT = 16
const CNAME = 5
const SOA = 6
const INTERNET = 1
const HEADER_BYTES = 12
const NO_ERROR = 0
const NO_SUCH_NAME = 3

/** With id 0, as caches of RFC 8484 want it; recursion desired. */
export function encodeTxtQuery(domain: string): Uint8Array {
  const labels = domain.split('.').map(label => Buffer.from(label, 'latin1'))
  const name = labels.flatMap(label => [Buffer.of(label.byteLength), label])
  const header = Buffer.from([0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
  return Buffer.concat([header, ...name, Buffer.of(0, 0, TXT, 0, INTERNET)])
}

/** BAD_DNSLINK for what is no answer, UNREACHABLE if the server says that it failed. */
export function decodeTxtAnswer(bytes: Uint8Array, domain: string): TxtAnswer {
  const message = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  try {
    return readAnswer(message, domain)
  } catch (cause) {
    // Reading past the end is what broken messages make one do.
    if (cause instanceof RangeError)
      throw new CairnError('UNREACHABLE', `the answer about ${domain} is no DNS message`, { cause })
    throw cause
  }
}

function readAnswer(message: Buffer, domain: string): TxtAnswer {
  const code = message.readUInt16BE(2) & 15
  const isAnswer = message.readUInt16BE(2) >= 0x8000
  if (!isAnswer || (code !== NO_ERROR && code !== NO_SUCH_NAME))
    throw new CairnError('UNREACHABLE', `the DNS server refuses to answer about ${domain} (code ${code})`)
  let at = HEADER_BYTES
  for (let left = message.readUInt16BE(4); left > 0; left--) at = nameEnd(message, at) + 4
  const texts: string[] = []
  let ttlSecs: number | undefined
  const count = message.readUInt16BE(6) + message.readUInt16BE(8)
  for (let index = 0; index < Math.min(count, LIMITS.dnsRecords.value); index++) {
    at = nameEnd(message, at)
    const kind = message.readUInt16BE(at)
    // Above 2^31 means 0 (RFC 2181).
    const ttl = Math.max(0, message.readInt32BE(at + 4))
    const end = at + 10 + message.readUInt16BE(at + 8)
    if (end > message.byteLength) throw new RangeError('a record ends behind the message')
    if (kind === TXT) texts.push(readText(message, at + 10, end))
    if (kind === TXT || kind === CNAME || kind === SOA) ttlSecs = Math.min(ttlSecs ?? ttl, ttl)
    at = end
  }
  return { texts, ttlSecs }
}

/** The chunks of one record, joined. */
function readText(message: Buffer, start: number, end: number): string {
  const chunks: Buffer[] = []
  for (let at = start; at < end; ) {
    const length = message.readUInt8(at)
    if (at + 1 + length > end) throw new RangeError('a text ends behind its record')
    chunks.push(message.subarray(at + 1, at + 1 + length))
    at += 1 + length
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Behind a name: after its root label, or after the first pointer, which is never followed. */
function nameEnd(message: Buffer, start: number): number {
  let at = start
  for (;;) {
    const length = message.readUInt8(at)
    if (length === 0) return at + 1
    if (length >= 0xc0) return at + 2
    at += 1 + length
  }
}
