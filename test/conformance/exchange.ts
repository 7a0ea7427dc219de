// Requests of the replica over TCP, byte for byte, and their answers taken apart; nothing is normalised on the way.

import { connect, type Socket } from 'node:net'
import { gunzipSync } from 'node:zlib'
import type { Ask } from './case.ts'

export interface Answer {
  readonly status: number
  /** Lower-case names; lines of one name joined as lists are. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
  /** False when the connection ended before the announced end. */
  readonly isWhole: boolean
}

const TIMEOUT_MS = 20_000

/** One request on a connection of its own. `address` is the `host:port` that is connected to. */
export async function exchange(address: string, ask: Ask): Promise<Answer> {
  const socket = await open(address)
  try {
    const early = ask.via === 'tunnel' ? await openTunnel(socket, address) : Buffer.alloc(0)
    const bytes = Buffer.concat([early, await roundTrip(socket, headOf(address, ask))])
    return parseAnswer(bytes, ask.method === 'HEAD')
  } finally {
    socket.destroy()
  }
}

async function open(address: string): Promise<Socket> {
  const { hostname, port } = new URL(`http://${address}`)
  const socket = connect(Number(port), hostname)
  // A reset shows in what has come until then.
  socket.on('error', () => undefined)
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  return socket
}

/** What the suite's client sends: gzip but with ranges and HEAD, where it would change what is measured. */
function headOf(address: string, { method = 'GET', target, host = address, headers = {}, via }: Ask): string {
  const full = via === undefined ? target : `http://${host}${target}`
  const plain = method === 'HEAD' || headers.range !== undefined
  const lines = {
    Host: host,
    'User-Agent': 'conformance-replica/1',
    ...(!plain && { 'Accept-Encoding': 'gzip' }),
    ...headers,
    Connection: 'close',
  }
  const text = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${full} HTTP/1.1\r\n${text.join('')}\r\n`
}

function roundTrip(socket: Socket, head: string): Promise<Buffer> {
  return new Promise(resolve => {
    const chunks: Buffer[] = []
    socket.on('data', chunk => chunks.push(chunk))
    socket.once('close', () => resolve(Buffer.concat(chunks)))
    socket.write(head)
  })
}

/** The gateway is its own target; the tunnel must be open before anything is sent in it, and bring no byte of a body. */
function openTunnel(socket: Socket, address: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let seen = Buffer.alloc(0)
    const onData = (chunk: Buffer): void => {
      seen = Buffer.concat([seen, chunk])
      const end = seen.indexOf('\r\n\r\n')
      if (end === -1) return
      socket.off('data', onData)
      const [line = '', ...headers] = seen.subarray(0, end).toString('latin1').split('\r\n')
      const announcesBody = headers.some(header => /^(?:content-length: *[1-9]|transfer-encoding:)/i.test(header))
      if (!/^HTTP\/1\.1 200 /.test(`${line} `) || announcesBody) reject(new Error(`CONNECT was answered with ${line}`))
      else resolve(seen.subarray(end + 4))
    }
    socket.on('data', onData)
    socket.once('close', () => reject(new Error('the connection ended before the tunnel was open')))
    socket.write(`CONNECT ${address} HTTP/1.1\r\nHost: ${address}\r\n\r\n`)
  })
}

function parseAnswer(bytes: Buffer, isHead: boolean): Answer {
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) throw new Error(`no head of an answer in ${bytes.byteLength} bytes: ${bytes.subarray(0, 200)}`)
  const [statusLine = '', ...lines] = bytes.subarray(0, end).toString('utf8').split('\r\n')
  const headers = new Map<string, string>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    const [name, value] = [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    const before = headers.get(name)
    headers.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1] ?? 0)
  const rest = bytes.subarray(end + 4)
  const isEmpty = isHead || status === 304 || status === 204
  const { body, isWhole } = isEmpty ? { body: rest, isWhole: rest.byteLength === 0 } : bodyOf(rest, headers)
  if (headers.get('content-encoding') !== 'gzip') return { status, headers, body, isWhole }
  // As the suite's client has it: unpacked, and the length is not known any more.
  headers.delete('content-length')
  return { status, headers, body: isWhole ? gunzipSync(body) : body, isWhole }
}

function bodyOf(rest: Buffer, headers: ReadonlyMap<string, string>): { body: Buffer; isWhole: boolean } {
  if (headers.get('transfer-encoding')?.toLowerCase() === 'chunked') return unchunk(rest)
  const length = headers.get('content-length')
  return { body: rest, isWhole: length === undefined || rest.byteLength === Number(length) }
}

function unchunk(bytes: Buffer): { body: Buffer; isWhole: boolean } {
  const parts: Buffer[] = []
  for (let at = 0; ; ) {
    const end = bytes.indexOf('\r\n', at)
    const size = end === -1 ? Number.NaN : Number.parseInt(bytes.subarray(at, end).toString('latin1'), 16)
    if (Number.isNaN(size)) return { body: Buffer.concat(parts), isWhole: false }
    if (size === 0) return { body: Buffer.concat(parts), isWhole: bytes.indexOf('\r\n\r\n', at) !== -1 }
    parts.push(bytes.subarray(end + 2, end + 2 + size))
    at = end + 4 + size
  }
}
