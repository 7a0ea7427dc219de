// What this server speaks over HTTP, for libp2p clients that look before they ask (spec: gateway §2.24).

import type { IncomingMessage, ServerResponse } from 'node:http'
import { CORS } from './respond.ts'

const MANIFEST = Buffer.from(JSON.stringify({ protocols: { '/ipfs/gateway': { path: '/' } } }))

export function serveProtocols({ method }: IncomingMessage, outgoing: ServerResponse): void {
  outgoing.writeHead(200, {
    ...CORS,
    'Content-Type': 'application/json',
    'Cache-Control': 'public, max-age=3600',
    'Content-Length': MANIFEST.byteLength,
  })
  outgoing.end(method === 'HEAD' ? undefined : MANIFEST)
}
