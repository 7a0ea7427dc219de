// A DNS server of the tests' own on loopback, over UDP and over HTTP, that says what it was told and counts who asks.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** TXT records by name, each as its chunks; a number is a response code; `silent` answers nothing. */
export type Zone = Map<string, readonly (readonly string[])[] | number | 'silent'>

export interface DnsServer extends AsyncDisposable {
  readonly zone: Zone
  readonly asked: string[]
  /** For `dnslink.servers`. */
  readonly address: string
  /** For `dnslink.resolvers`. */
  readonly url: string
}

export interface DnsServerOptions {
  readonly ttlSecs?: number
  /** What the HTTP side answers in place of a DNS message. */
  readonly http?: {
    readonly status?: number
    readonly type?: string
    readonly body?: Uint8Array
    readonly location?: string
  }
}

export async function startDns({ ttlSecs = 300, http = {} }: DnsServerOptions = {}): Promise<DnsServer> {
  const zone: Zone = new Map()
  const asked: string[] = []
  const respond = (query: Buffer): Buffer | undefined => {
    const name = readName(query)
    asked.push(name)
    const found = zone.get(name) ?? 3
    return found === 'silent' ? undefined : answer(query, found, ttlSecs)
  }
  const udp = createSocket('udp4')
  udp.on('message', (query, { port, address }) => {
    const message = respond(query)
    if (message !== undefined) udp.send(message, port, address)
  })
  const web = createServer((request, response) => {
    const query = Buffer.from(new URL(request.url ?? '', 'http://x').searchParams.get('dns') ?? '', 'base64url')
    const message = respond(query)
    if (message === undefined) return
    const { status = 200, type = 'application/dns-message', body = message, location } = http
    response.writeHead(status, { 'Content-Type': type, ...(location !== undefined && { Location: location }) })
    response.end(body)
  })
  udp.bind(0, '127.0.0.1')
  web.listen(0, '127.0.0.1')
  await Promise.all([once(udp, 'listening'), once(web, 'listening')])
  return {
    zone,
    asked,
    address: `127.0.0.1:${udp.address().port}`,
    url: `http://127.0.0.1:${(web.address() as AddressInfo).port}/dns-query`,
    [Symbol.asyncDispose]: async () => {
      udp.close()
      web.closeAllConnections()
      web.close()
      await Promise.all([once(udp, 'close'), once(web, 'close')])
    },
  }
}

function readName(query: Buffer): string {
  const labels: string[] = []
  for (let at = 12; ; ) {
    const length = query.readUInt8(at)
    if (length === 0) return labels.join('.').toLowerCase()
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
}

export function answer(query: Buffer, found: readonly (readonly string[])[] | number, ttlSecs: number): Buffer {
  const end = query.indexOf(0, 12) + 5
  const records = typeof found === 'number' ? [] : found
  const header = Buffer.from(query.subarray(0, 12))
  header.writeUInt16BE(0x8180 | (typeof found === 'number' ? found : 0), 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(records.length, 6)
  header.writeUInt32BE(0, 8)
  const bodies = records.map(chunks => {
    const text = Buffer.concat(chunks.flatMap(chunk => [Buffer.of(Buffer.byteLength(chunk)), Buffer.from(chunk)]))
    const head = Buffer.alloc(12)
    // A pointer to the name of the question.
    head.writeUInt16BE(0xc00c, 0)
    head.writeUInt16BE(16, 2)
    head.writeUInt16BE(1, 4)
    head.writeUInt32BE(ttlSecs, 6)
    head.writeUInt16BE(text.byteLength, 10)
    return Buffer.concat([head, text])
  })
  return Buffer.concat([header, query.subarray(12, end), ...bodies])
}
