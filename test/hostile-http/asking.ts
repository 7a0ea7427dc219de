// One HTTP request and what became of it, however that ended: whole, cut off, or longer than anybody wants to read.

import { Agent, request } from 'node:http'

export interface Said {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
  /** `long`: there was more, and the reader left. */
  readonly end: 'whole' | 'cut' | 'long'
}

const agent = new Agent({ keepAlive: true })
/** A hang, not a measurement. */
const PATIENCE_MS = 60_000

export interface AskOptions {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly mostBytes?: number
}

/** The path goes out as it is written. */
export function ask(
  origin: string,
  path: string,
  { method = 'GET', headers = {}, mostBytes = 4_000_000 }: AskOptions = {},
): Promise<Said> {
  const { hostname, port } = new URL(origin)
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers, agent }, answer => {
      const chunks: Buffer[] = []
      let bytes = 0
      const end = (how: Said['end']) => {
        clearTimeout(timer)
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks), end: how })
      }
      answer.on('data', chunk => {
        chunks.push(chunk)
        bytes += chunk.length
        if (bytes <= mostBytes) return
        end('long')
        sent.destroy()
      })
      answer.on('end', () => end(answer.complete ? 'whole' : 'cut'))
      answer.on('error', () => end('cut'))
    })
    const timer = setTimeout(() => sent.destroy(new Error(`${method} ${path} hangs`)), PATIENCE_MS)
    sent.on('error', error => {
      clearTimeout(timer)
      reject(error)
    })
    sent.end()
  })
}
