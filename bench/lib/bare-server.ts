// The hardware's side of a comparison: node:http that answers every request with the same bytes and does nothing else.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export async function bareServer(sizeBytes: number): Promise<{ url: string; stop(): Promise<void> }> {
  const body = Buffer.alloc(sizeBytes, 'x')
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/octet-stream')
    response.end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    stop: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
